import { randomBytes } from "node:crypto"
import type { TokenCache } from "evertoken"
import { encrypted, EncryptionKey, Keyring } from "evertoken/encryption"
import { PostgresTokenCache } from "evertoken/postgres"
import { RedisTokenCache } from "evertoken/redis"
import { Redis } from "ioredis"
import pg from "pg"
import { describe, expect, test } from "vitest"
import { PostgresServer, providePostgres } from "../servers/postgres-server.js"
import { provideRedis, RedisServer } from "../servers/redis-server.js"
import { copyOf } from "./file-copy.js"
import { renewByTurns } from "./renewing-processes.js"
import { RotatingSource } from "./rotating-source.js"
import { tracesIn } from "./traces.js"

// what all secrets begin with: there is much to search
const SECRETS = ["canary-access-", "canary-refresh-", "canary-id-"]

const keyring = new Keyring([EncryptionKey.from(randomBytes(32))])

/** What is found in `copy` after tokens were in the store in the clear, and after they were encrypted from the beginning. */
async function foundIn(use: (cached: (cache: TokenCache) => TokenCache) => Promise<Buffer>) {
  const [plain, sealed] = [await use((cache) => cache), await use((cache) => encrypted(cache, keyring))]
  expect(sealed.includes("eyJ")).toBe(true)
  return { plain: tracesIn(plain, SECRETS), sealed: tracesIn(sealed, SECRETS) }
}

const redis = provideRedis()

describe.skipIf(redis === undefined)("in a stolen copy of Redis", () => {
  test("there is no token: not in its dump, and not in the file of all that was ever written", async () => {
    const found = await foundIn(async (cached) => {
      await using server = await RedisServer.start(redis ?? "", { settings: { rdbcompression: "no" } })
      const client = new Redis(server.url)
      await renewByTurns(new RotatingSource("alice"), () => cached(new RedisTokenCache(client)), 3)
      await client.save()
      client.disconnect()
      const copy = await copyOf(server.directory)
      expect(copy.includes("dump.rdb") && copy.includes("appendonly.aof")).toBe(true)
      return copy
    })
    expect(found).toEqual({ plain: SECRETS, sealed: [] })
  })
})

const postgres = providePostgres()

describe.skipIf(postgres === undefined)("in a stolen copy of PostgreSQL", () => {
  test("there is no token: not in its tables, and not in the files of all that was ever written", async () => {
    const found = await foundIn(async (cached) => {
      await using server = await PostgresServer.start(postgres ?? "")
      const pool = new pg.Pool(server.connection)
      await PostgresTokenCache.migrate(pool)
      await renewByTurns(new RotatingSource("alice"), () => cached(new PostgresTokenCache(pool)), 3)
      await pool.query("CHECKPOINT")
      const { rows } = await pool.query<{ directory: string }>("SELECT current_setting('data_directory') AS directory")
      await pool.end()
      return await copyOf(rows[0]?.directory ?? "")
    })
    expect(found).toEqual({ plain: SECRETS, sealed: [] })
  })
})
