import { randomBytes } from "node:crypto"
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { StaticTokenSource, CachedTokenSource } from "evertoken"
import { EncryptionKey, Keyring } from "evertoken/encryption"
import { afterEach, beforeEach, expect, test } from "vitest"
import { SecretReference } from "../config/secret-reference.js"
import { TokenStores } from "./token-stores.js"

// nobody listens there: the port is reserved
const NOWHERE = "127.0.0.1:1"

let directory = ""
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "evertoken-stores-"))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

async function keep(stores: TokenStores, name?: string): Promise<void> {
  const { caches } = await stores.open(name)
  const source = new StaticTokenSource("canary-access-token")
  await using cached = new CachedTokenSource(source, { caches, key: "billing" })
  await cached.getToken()
}

async function written(): Promise<string> {
  const names = await readdir(directory, { recursive: true, withFileTypes: true })
  const files = names.filter((entry) => entry.isFile())
  return (await Promise.all(files.map((file) => readFile(join(file.parentPath, file.name), "utf8")))).join("\n")
}

test("tokens that name no store are in files of the state directory", async () => {
  await using stores = new TokenStores({ stores: {}, stateDirectory: directory })
  await keep(stores)
  expect(await readdir(directory)).toEqual(["tokens"])
  expect(await written()).toContain("canary-access-token")
  expect(await stores.open()).toMatchObject({ name: "file", isEncrypted: false })
})

test("with a keyring no token can be read in a store", async () => {
  const keyring = new Keyring([EncryptionKey.from(randomBytes(32))])
  const shelf = { file: join(directory, "shelf") }
  await using stores = new TokenStores({ stores: { shelf }, stateDirectory: directory, keyring })
  await keep(stores, "shelf")
  expect(await readdir(directory)).toEqual(["shelf"])
  const text = await written()
  expect(text).toMatch(/"sealed": ?"eyJ/)
  expect(text).not.toContain("canary-access-token")
  expect(await stores.open("shelf")).toMatchObject({ name: "shelf", isEncrypted: true })
})

test("a store is opened once, for all tokens that are kept in it", async () => {
  await using stores = new TokenStores({ stores: {}, stateDirectory: directory })
  expect(await stores.open()).toBe(await stores.open("file"))
})

test("a store that hosts share has a file of this host before it, and is no reason to fail while it is down", async () => {
  const redis = SecretReference.parse(`redis://${NOWHERE}`)
  await using stores = new TokenStores({ stores: { fleet: { redis } }, stateDirectory: directory })
  const { caches } = await stores.open("fleet")
  expect(caches.map(({ name }) => name)).toEqual(["file", "redis"])
})

test("a database that is not there is told of, and its URL is not", async () => {
  const postgres = SecretReference.parse(`postgres://app:canary-password@${NOWHERE}/tokens`)
  await using stores = new TokenStores({ stores: { office: { postgres } }, stateDirectory: directory })
  const failure: unknown = await stores.open("office").catch((error: unknown) => error)
  expect(failure).toMatchObject({ code: "ERR_TOKEN_CACHE" })
  expect(String(failure)).not.toContain("canary")
})
