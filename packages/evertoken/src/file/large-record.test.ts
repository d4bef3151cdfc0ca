import { mkdtemp, readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import type { StoredToken } from "../token-cache.js"
import { Token } from "../token.js"
import { FileTokenCache } from "./file-token-cache.js"
import { FileTokenSource } from "./file-token-source.js"
import { LARGEST_RECORD_BYTES } from "../stored-record.js"

const MEGABYTE = 1024 * 1024

async function temporaryFile(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "evertoken-"))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return join(directory, "token.json")
}

function recordOf(generation: number, texts: { readonly accessToken: string; readonly idToken?: string }): StoredToken {
  const times = { issuedAt: 0, staleAt: 1, expiresAt: 8e15 }
  const token = new Token({ ...texts, ...times, refreshToken: "secret-refresh", scope: "x".repeat(MEGABYTE) })
  return { version: { lineage: "l", generation, id: `id-${generation}` }, token, lineages: [] }
}

test("whatever an issuer's answers may be large enough for can be read again", async () => {
  const path = await temporaryFile()
  const texts = { accessToken: "a".repeat(MEGABYTE), idToken: "i".repeat(MEGABYTE) }
  await new FileTokenCache(path).commit("key", recordOf(1, texts), { expected: undefined })
  const found = await new FileTokenCache(path).get("key")
  expect(found?.token?.refreshToken).toBe("secret-refresh")
  expect(found?.token?.accessToken).toHaveLength(MEGABYTE)
  expect((await new FileTokenSource(path).getToken()).accessToken).toHaveLength(MEGABYTE)
})

test("what would be too large to be read again is not written, and what is there stays", async () => {
  const path = await temporaryFile()
  const cache = new FileTokenCache(path)
  const first = recordOf(1, { accessToken: "first" })
  await cache.commit("key", first, { expected: undefined })
  const second = recordOf(2, { accessToken: "a".repeat(LARGEST_RECORD_BYTES) })
  await expect(cache.commit("key", second, { expected: first.version })).rejects.toMatchObject({
    code: "ERR_TOKEN_CACHE",
    transient: false,
  })
  expect((await cache.get("key"))?.token?.accessToken).toBe("first")
  expect((await readdir(`${path}.d`)).filter((name) => !name.startsWith("ns-"))).toEqual(["gen-1"])
})
