import { randomBytes } from "node:crypto"
import { MemoryTokenCache, Token, TokenError, type TokenCache } from "evertoken"
import { encrypted, EncryptionKey, Keyring } from "evertoken/encryption"
import { expect, test } from "vitest"
import { configOf } from "../testing/registry-under-test.js"
import { keptStatus } from "./kept-status.js"

const config = configOf("https://id.example.com")

test("what is encrypted with a key that is not at hand is not taken for a sign-out, and does not hide the others", async () => {
  const memory = new MemoryTokenCache()
  const [key, other] = [randomBytes(32), randomBytes(32)].map((bytes) => new Keyring([EncryptionKey.from(bytes)]))
  if (key === undefined || other === undefined) throw new Error("two keys were made")
  const token = new Token({ accessToken: "canary", issuedAt: 0, staleAt: 5, expiresAt: 10 })
  const version = { lineage: "a", generation: 1, id: "b" }
  await encrypted(memory, key).commit("billing", { version, token, lineages: [] }, { expected: undefined })
  const statusIn = (cache: TokenCache, isEncrypted: boolean) =>
    keptStatus("billing", config, { store: { name: "memory", isEncrypted, caches: [cache] }, now: 0 })
  const keyless = await statusIn(memory, false)
  expect(keyless.status).toBe("misconfigured")
  expect(keyless.lastError?.message).toBe("memory: the token there is encrypted, and encryption.keys is not set")
  expect(keyless.lastError?.hint).toContain("encryption.keys")
  expect(await statusIn(encrypted(memory, other), true)).toMatchObject({ status: "misconfigured" })
  expect(await statusIn(encrypted(memory, key), true)).toMatchObject({ status: "fresh" })
})

test("a store that cannot be asked for now says nothing of its tokens", async () => {
  const cache = new MemoryTokenCache()
  cache.get = () => Promise.reject(new TokenError("ERR_TOKEN_CACHE", "memory: down", { transient: true }))
  const store = { name: "memory", isEncrypted: false, caches: [cache] as const }
  await expect(keptStatus("billing", config, { store, now: 0 })).rejects.toThrow("memory: down")
})

test.each([
  { now: 0, status: "fresh" },
  { now: 5, status: "stale" },
  { now: 10, status: "expired" },
])("at $now what is kept is $status", async ({ now, status }) => {
  const cache = new MemoryTokenCache()
  const token = new Token({ accessToken: "canary", issuedAt: 0, staleAt: 5, expiresAt: 10 })
  const version = { lineage: "a", generation: 1, id: "b" }
  await cache.commit("billing", { version, token, lineages: [] }, { expected: undefined })
  const store = { name: "memory", isEncrypted: false, caches: [cache] as const }
  const kept = await keptStatus("billing", config, { store, now })
  expect(kept).toMatchObject({ status, expiresAt: 10 })
  await cache.delete("billing")
  expect(await keptStatus("billing", config, { store, now })).toMatchObject({ status: "signed-out" })
})
