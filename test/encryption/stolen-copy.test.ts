import { randomBytes } from "node:crypto"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { CachedTokenSource, type TokenCache } from "evertoken"
import { encrypted, EncryptionKey, Keyring } from "evertoken/encryption"
import { FileTokenCache } from "evertoken/file"
import { afterEach, beforeEach, expect, test } from "vitest"
import { copiesDuring, copyOf } from "./file-copy.js"
import { KEY, renewByTurns } from "./renewing-processes.js"
import { RotatingSource } from "./rotating-source.js"
import { tracesIn } from "./traces.js"

const keyring = new Keyring([EncryptionKey.from(randomBytes(32))])

let directory = ""
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "evertoken-stolen-"))
})
afterEach(() => rm(directory, { recursive: true }))

const files = () => new FileTokenCache({ directory })

function open(source: RotatingSource, cache: TokenCache): CachedTokenSource {
  return new CachedTokenSource(source, { key: KEY, caches: [cache] })
}

test("in a stolen copy of the files, whenever it was made, there is no token", async () => {
  const source = new RotatingSource(KEY)
  const copies: Buffer[] = []
  source.during = async () => copies.push(await copyOf(directory))
  copies.push(...(await copiesDuring(directory, () => renewByTurns(source, () => encrypted(files(), keyring)))))
  expect(source.secrets.length).toBeGreaterThan(30)
  for (const copy of copies) expect(tracesIn(copy, source.secrets)).toEqual([])
  // a token is there, and so is the room that is reserved for the next one while the issuer is asked
  expect(copies.some((copy) => copy.includes("eyJ") && copy.includes("tmp-"))).toBe(true)
})

test("without encryption, the tokens are found in it", async () => {
  const source = new RotatingSource(KEY)
  const found = new Set<string>()
  source.during = async () => {
    for (const secret of tracesIn(await copyOf(directory), source.secrets)) found.add(secret)
  }
  await renewByTurns(source, files)
  expect(found.size).toBeGreaterThan(30)
})

test("once a token that was there in the clear is encrypted, the files have nothing of it any more", async () => {
  const source = new RotatingSource(KEY)
  const before = open(source, files())
  await before.getToken({ newerThan: await before.getToken() })
  await before.close()
  expect(tracesIn(await copyOf(directory), source.secrets)).toHaveLength(3)

  await expect(open(source, encrypted(files(), keyring)).getToken()).rejects.toThrow("say acceptPlaintext: true")
  const cache = encrypted(files(), keyring, { acceptPlaintext: true })
  expect(await cache.reencrypt(KEY)).toBe(true)
  expect(tracesIn(await copyOf(directory), source.secrets)).toEqual([])
  const after = open(source, encrypted(files(), keyring))
  await after.getToken({ newerThan: await after.getToken() })
  await after.close()
  expect(source.refused).toBe(0)
})
