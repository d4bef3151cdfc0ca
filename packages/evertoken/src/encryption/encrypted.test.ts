import { randomBytes } from "node:crypto"
import { inspect } from "node:util"
import { expect, expectTypeOf, test } from "vitest"
import { MemoryTokenCache } from "../memory-token-cache.js"
import type { Commit, CommitOptions, StoredToken, TokenCache } from "../token-cache.js"
import { Token } from "../token.js"
import { encrypted } from "./encrypted.js"
import { EncryptionKey } from "./encryption-key.js"
import { Keyring } from "./keyring.js"

const key = EncryptionKey.from(randomBytes(32))
const keyring = new Keyring([key])

function recordOf(generation: number): StoredToken & { readonly token: Token } {
  const version = { lineage: "lineage", generation, id: `id-${generation}` }
  const accessToken = `canary-access-${generation}`
  const token = new Token({ accessToken, refreshToken: "canary-refresh", issuedAt: 1, staleAt: 2, expiresAt: 3 })
  return { version, token, fingerprint: "f.g", lineages: [] }
}

test("what is kept has no token, and what is read has it", async () => {
  const memory = new MemoryTokenCache()
  const cache = encrypted(memory, keyring)
  const record = recordOf(1)
  expect(await cache.commit("key", record, { expected: undefined })).toEqual({ committed: true })
  const kept = await memory.get("key")
  expect(kept?.token).toBeUndefined()
  expect(inspect(kept, { depth: 9 })).not.toContain("canary")
  expect((await cache.get("key"))?.token?.accessToken).toBe("canary-access-1")
})

test("a refused commit tells what is there, decrypted", async () => {
  const cache = encrypted(new MemoryTokenCache(), keyring)
  await cache.commit("key", recordOf(1), { expected: undefined })
  const refused = await cache.commit("key", recordOf(2), { expected: undefined })
  expect(refused).toMatchObject({ committed: false, current: { token: { accessToken: "canary-access-1" } } })
})

test("what cannot be decrypted is an error that says what helps, and stays as it is", async () => {
  const memory = new MemoryTokenCache()
  await encrypted(memory, keyring).commit("key", recordOf(1), { expected: undefined })
  const kept = await memory.get("key")
  const other = EncryptionKey.from(randomBytes(32))
  const cache = encrypted(memory, new Keyring([other]))
  const failure = {
    name: "TokenError",
    code: "ERR_TOKEN_CACHE",
    transient: false,
    message: `memory: the token is encrypted with the key ${key.id}, and the keyring has ${other.id}: add that key; or give it up, by await cache.delete(key)`,
  }
  await expect(cache.get("key")).rejects.toMatchObject(failure)
  await expect(cache.commit("key", recordOf(2), { expected: undefined })).rejects.toMatchObject(failure)
  expect(await memory.get("key")).toBe(kept)
  await cache.delete("key")
  expect(await cache.get("key")).toMatchObject({ version: { generation: 2 }, token: undefined })
})

test("a token that is not encrypted is neither served nor written over", async () => {
  const memory = new MemoryTokenCache()
  await memory.commit("key", recordOf(1), { expected: undefined })
  const cache = encrypted(memory, keyring)
  const failure = {
    code: "ERR_TOKEN_CACHE",
    transient: false,
    message:
      "memory: the token there is not encrypted: to take it over, say acceptPlaintext: true until it is; or give it up, by await cache.delete(key)",
  }
  await expect(cache.get("key")).rejects.toMatchObject(failure)
  await expect(cache.commit("key", recordOf(2), { expected: undefined })).rejects.toMatchObject(failure)
  expect((await memory.get("key"))?.token?.accessToken).toBe("canary-access-1")
})

test("acceptPlaintext reads what is not encrypted, and the next commit encrypts it", async () => {
  const memory = new MemoryTokenCache()
  await memory.commit("key", recordOf(1), { expected: undefined })
  const cache = encrypted(memory, keyring, { acceptPlaintext: true })
  expect((await cache.get("key"))?.token?.accessToken).toBe("canary-access-1")
  await cache.commit("key", recordOf(2), { expected: recordOf(1).version })
  expect((await memory.get("key"))?.token).toBeUndefined()
  expect((await encrypted(memory, keyring).get("key"))?.token?.accessToken).toBe("canary-access-2")
})

test("above what the cache within cannot read, a token is sealed for the generation that it gets", async () => {
  class Unreadable extends MemoryTokenCache {
    override async commit(name: string, record: StoredToken, options: CommitOptions): Promise<Commit> {
      const isBelow = record.version.generation <= 7
      return isBelow ? { committed: false, current: undefined, floor: 7 } : super.commit(name, record, options)
    }
  }
  const cache = encrypted(new Unreadable(), keyring)
  expect(await cache.commit("key", recordOf(1), { expected: undefined })).toEqual({ committed: true })
  expect(await cache.get("key")).toMatchObject({
    version: { generation: 8, id: "id-1" },
    token: { accessToken: "canary-access-1" },
  })
})

test("what it is asked for besides, the cache within does; what that lacks, it lacks", async () => {
  const memory = new MemoryTokenCache()
  const cache = encrypted(memory, keyring)
  expect([cache.name, cache.durable]).toEqual(["memory", false])
  expect(await cache.claim("key", { what: "what", singleUse: true }).take(1)).toBe(true)
  expect((await memory.claim("key", { what: "what", singleUse: true }).look()).n).toBe(1)
  expect("close" in cache).toBe(false)
  // @ts-expect-error MemoryTokenCache has nothing to close
  expect(cache.close).toBeUndefined()

  let closed = 0
  const bare = {
    name: "bare",
    durable: true,
    get: async () => undefined,
    commit: async () => ({ committed: true }) as const,
    delete: async () => {},
    close: async () => void closed++,
  }
  const plain = encrypted(bare, keyring)
  await plain.close()
  expect(closed).toBe(1)
  expect(["claim" in plain, "changes" in plain]).toEqual([false, false])
  expectTypeOf(encrypted<TokenCache>).returns.toHaveProperty("claim")
})

test("what is no cache, no keyring or no option is refused by name", () => {
  const memory = new MemoryTokenCache()
  // @ts-expect-error whoever calls from JavaScript may give anything
  expect(() => encrypted({}, keyring)).toThrow(/^cache must be a token cache/)
  // @ts-expect-error whoever calls from JavaScript may give anything
  expect(() => encrypted(memory, "keyring")).toThrow(/^keyring must be a Keyring/)
  // @ts-expect-error whoever calls from JavaScript may give anything
  expect(() => encrypted(memory, keyring, { acceptPlainText: true })).toThrow(/did you mean acceptPlaintext\?$/)
  // @ts-expect-error whoever calls from JavaScript may give anything
  expect(() => encrypted(memory, keyring, { acceptPlaintext: "yes" })).toThrow("acceptPlaintext must be true or false")
})
