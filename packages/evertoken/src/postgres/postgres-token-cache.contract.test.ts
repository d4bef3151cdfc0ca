import { PGlite } from "@electric-sql/pglite"
import { afterAll, beforeAll, describe, test } from "vitest"
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
})
