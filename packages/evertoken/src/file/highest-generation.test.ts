import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import type { StoredToken } from "../token-cache.js"
import { Token } from "../token.js"
import { FileTokenCache } from "./file-token-cache.js"
import { encodeRecord, HIGHEST_GENERATION } from "../stored-record.js"

function recordOf(generation: number): StoredToken {
  const token = new Token({ accessToken: "secret", issuedAt: 1, staleAt: 2, expiresAt: 3 })
  return { version: { lineage: "l", generation, id: `id-${generation}` }, token, fingerprint: "f", lineages: [] }
}

async function storeWith(name: string, content: string | Uint8Array) {
  const directory = await mkdtemp(join(tmpdir(), "evertoken-"))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const path = join(directory, "token.json")
  await mkdir(`${path}.d`, { mode: 0o700 })
  const file = join(directory, name)
  await writeFile(file, content, { mode: 0o600 })
  return { cache: new FileTokenCache(path), file }
}

test("a record from which nobody can count on is not followed by one that nobody finds: it is refused, and stays", async () => {
  const highest = recordOf(HIGHEST_GENERATION)
  const { cache, file } = await storeWith("token.json", encodeRecord(highest))
  const next = recordOf(HIGHEST_GENERATION + 1)
  await expect(cache.commit("key", next, { expected: highest.version })).rejects.toMatchObject({
    code: "ERR_TOKEN_CACHE",
    transient: false,
  })
  expect((await cache.get("key"))?.version).toEqual(highest.version)
  expect(await readFile(file)).toEqual(encodeRecord(highest))
})

test.each([
  ["a torn record that claims to be the highest", "token.json", encodeRecord({ ...recordOf(HIGHEST_GENERATION) })],
  ["a file with the name of a generation that nobody has reached", "token.json.d/gen-9007199254740991", "torn"],
])("%s is no reason not to go on", async (_, name, content) => {
  const { cache } = await storeWith(name, String(content).replace('"fingerprint": "f"', '"fingerprint": 7'))
  expect(await cache.get("key")).toBeUndefined()
  expect(await cache.commit("key", recordOf(1), { expected: undefined })).toEqual({ committed: true })
  expect((await cache.get("key"))?.version.id).toBe("id-1")
})

test("a sealed token is given no other generation, in which it would not open: who writes it is told how high to go", async () => {
  const { cache } = await storeWith("token.json.d/gen-7", "torn")
  const { version } = recordOf(1)
  const record = { version, sealed: { jwe: "sealed for 1" }, lineages: [] }
  const refused = { committed: false, current: undefined, floor: 7 }
  expect(await cache.commit("key", record, { expected: undefined })).toEqual(refused)
  expect(await cache.get("key")).toBeUndefined()
  const higher = { ...record, version: { ...version, generation: 8 } }
  expect(await cache.commit("key", higher, { expected: undefined })).toEqual({ committed: true })
  expect(await cache.get("key")).toEqual(higher)
})
