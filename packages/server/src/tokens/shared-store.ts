import type { TokenCache } from "evertoken"
import { PostgresTokenCache } from "evertoken/postgres"
import { RedisTokenCache } from "evertoken/redis"
import type { PostgresStoreConfig, RedisStoreConfig } from "../config/config.js"

/** A store on a server of its own, with the connections to it. */
export interface SharedStore {
  readonly cache: TokenCache
  /** The time by its own clock, epoch milliseconds. */
  now(): Promise<number>
  /** Ends the connections. */
  close(): Promise<void>
}

const CONNECT_TIMEOUT_MS = 5_000

/** Needs the package ioredis. @throws Error saying so, or what is wrong with the reference to the URL. */
export async function openRedis({ redis: url }: RedisStoreConfig): Promise<SharedStore> {
  const address = await url.resolve()
  const { Redis } = await import("ioredis").catch(() => missing("ioredis"))
  const client = new Redis(address, { connectTimeout: CONNECT_TIMEOUT_MS, maxRetriesPerRequest: 1 })
  // each request fails by itself, and is told of where it was made
  client.on("error", () => undefined)
  const cache = new RedisTokenCache(client)
  return {
    cache,
    now: async () => {
      const [seconds = 0, microseconds = 0] = (await client.time()).map(Number)
      return seconds * 1_000 + microseconds / 1_000
    },
    close: async () => {
      await cache.close()
      client.disconnect()
    },
  }
}

/** Needs the package pg. Makes the tables. @throws Error saying so, or what is wrong. */
export async function openPostgres({ postgres: url, schema, table }: PostgresStoreConfig): Promise<SharedStore> {
  const connectionString = await url.resolve()
  const { default: pg } = await import("pg").catch(() => missing("pg"))
  const pool = new pg.Pool({ connectionString, connectionTimeoutMillis: CONNECT_TIMEOUT_MS })
  pool.on("error", () => undefined)
  const names = { schema, table }
  const cache = new PostgresTokenCache(pool, names)
  const store = {
    cache,
    now: async () => {
      const { rows } = await pool.query<{ now: Date }>("SELECT clock_timestamp() AS now")
      return rows[0]?.now.getTime() ?? Number.NaN
    },
    close: async () => {
      await cache.close()
      await pool.end()
    },
  }
  try {
    await PostgresTokenCache.migrate(pool, names)
    return store
  } catch (error) {
    await store.close()
    throw error
  }
}

function missing(name: string): never {
  throw new Error(`the package ${name} is needed for this store: npm install ${name}`)
}
