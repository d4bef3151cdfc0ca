import { randomBytes } from "node:crypto"
import { encrypted, EncryptionKey, Keyring } from "evertoken/encryption"
import { RowTokenCache } from "evertoken/row"
import { tokenCacheContract } from "evertoken/testing"
import type { TokenCache } from "evertoken"
import pg from "pg"
import { afterAll, beforeAll, describe, test } from "vitest"
import { createRowsTable, postgresRows } from "../processes/postgres-rows.js"
import { PostgresServer, providePostgres } from "../servers/postgres-server.js"

const programs = providePostgres()
const keyring = new Keyring([EncryptionKey.from(randomBytes(32))])

describe.skipIf(programs === undefined).each<readonly [string, (cache: RowTokenCache) => Required<TokenCache>]>([
  ["as they are", (cache) => cache],
  ["encrypted", (cache) => encrypted(cache, keyring)],
])("RowTokenCache over a table in PostgreSQL keeps the contract, with tokens %s,", (_, kept) => {
  let server: PostgresServer
  let pools: readonly pg.Pool[] = []
  let tables = 0
  beforeAll(async () => {
    server = await PostgresServer.start(programs ?? "")
    pools = Array.from({ length: 3 }, () => new pg.Pool(server.connection))
  })
  afterAll(async () => {
    await Promise.all(pools.map((pool) => pool.end()))
    await server[Symbol.asyncDispose]()
  })

  tokenCacheContract({
    test,
    durable: true,
    create: async () => {
      const table = `rows_${++tables}`
      const [one, two, three] = pools.map((pool) => ({
        pool,
        open: () => kept(new RowTokenCache(postgresRows(pool, table), { pollMs: 50 })),
      }))
      if (one === undefined || two === undefined || three === undefined) throw new Error("three pools are needed")
      await createRowsTable(one.pool, table)
      return { cache: one.open(), peer: two.open(), reopen: async () => three.open() }
    },
  })
})
