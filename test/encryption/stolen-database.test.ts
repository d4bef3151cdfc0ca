import { randomBytes } from "node:crypto"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
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

/** What is found in the copies after tokens were in the store in the clear, and after they were encrypted from the beginning. */
async function foundIn(use: (cached: (cache: TokenCache) => TokenCache) => Promise<readonly Buffer[]>) {
  const [plain, sealed] = [await use((cache) => cache), await use((cache) => encrypted(cache, keyring))]
  expect(sealed.map((copy) => copy.includes("eyJ"))).not.toContain(false)
  return { plain: plain.map((copy) => tracesIn(copy, SECRETS)), sealed: sealed.map((copy) => tracesIn(copy, SECRETS)) }
}

const redis = provideRedis()

describe.skipIf(redis === undefined)("in a stolen copy of Redis", () => {
  test("there is no token: not in its dump, and not in the file of all that was ever written", async () => {
    const found = await foundIn(async (cached) => {
      await using server = await RedisServer.start(redis ?? "", { settings: { rdbcompression: "no" } })
      const client = new Redis(server.url)
      const source = new RotatingSource("alice")
      // a dump has only what is there at the moment: in the end they have signed out
      source.during = () => client.save()
      await renewByTurns(source, () => cached(new RedisTokenCache(client)), 3)
      client.disconnect()
      const { directory } = server
      return [await readFile(join(directory, "dump.rdb")), await copyOf(join(directory, "appendonlydir"))]
    })
    expect(found).toEqual({ plain: [SECRETS, SECRETS], sealed: [[], []] })
  })
})

const postgres = providePostgres()

describe.skipIf(postgres === undefined)("in a stolen copy of PostgreSQL", () => {
  test("there is no token: not in its table, and not in the files of all that was ever written", async () => {
    const found = await foundIn(async (cached) => {
      await using server = await PostgresServer.start(postgres ?? "")
      const pool = new pg.Pool(server.connection)
      await PostgresTokenCache.migrate(pool)
      await renewByTurns(new RotatingSource("alice"), () => cached(new PostgresTokenCache(pool)), 3)
      await pool.query("CHECKPOINT")
      const { rows } = await pool.query<{ directory: string; table: string }>(
        "SELECT current_setting('data_directory') AS directory, pg_relation_filepath('evertoken') AS table",
      )
      await pool.end()
      const { directory = "", table = "" } = rows[0] ?? {}
      return [await readFile(join(directory, table)), await copyOf(join(directory, "pg_wal")), await copyOf(directory)]
    })
    expect(found).toEqual({ plain: [SECRETS, SECRETS, SECRETS], sealed: [[], [], []] })
  })
})
