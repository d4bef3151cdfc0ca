import { MemoryTokenCache, Token } from "evertoken"
import { expect, test } from "vitest"
import { configOf } from "../testing/registry-under-test.js"
import { keptStatus } from "./kept-status.js"

const config = configOf("https://id.example.com")

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
