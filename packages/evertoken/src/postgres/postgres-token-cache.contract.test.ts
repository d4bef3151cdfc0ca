import { PGlite } from "@electric-sql/pglite"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { tokenCacheContract } from "../testing/token-cache-contract.js"
import { PostgresTokenCache } from "./postgres-token-cache.js"

describe("PostgresTokenCache over a PGlite keeps the contract of a token cache", () => {
  let database: PGlite
  let tables = 0
  beforeAll(() => void (database = new PGlite()))
  afterAll(() => database.close())

  tokenCacheContract({
    test,
    durable: false,
    clockToleranceMs: 0,
    create: async () => {
      const names = { table: `tokens-${++tables}` }
      await PostgresTokenCache.migrate(database, names)
      const open = () => new PostgresTokenCache(database, names)
      const [cache, peer] = [open(), open()]
      return { cache, peer, dispose: async () => void (await Promise.all([cache.close(), peer.close()])) }
    },
  })

  test("a sealed token is given no other generation, in which it would not open: who writes it is told how high to go", async () => {
    const table = `tokens-${++tables}`
    await PostgresTokenCache.migrate(database, { table })
    const cache = new PostgresTokenCache(database, { table, listen: false })
    const sealedFor = (generation: number) => ({
      version: { lineage: "lineage", generation, id: `id-${generation}` },
      sealed: { jwe: `sealed for ${generation}` },
      lineages: [],
    })
    await cache.commit("key", sealedFor(7), { expected: undefined })
    await database.query(`UPDATE "${table}" SET record = 'torn'`)
    const refused = { committed: false, current: undefined, floor: 7 }
    expect(await cache.commit("key", sealedFor(2), { expected: undefined })).toEqual(refused)
    expect(await cache.commit("key", sealedFor(8), { expected: undefined })).toEqual({ committed: true })
    expect(await cache.get("key")).toEqual(sealedFor(8))
    await cache.close()
  })
})
