import type { TokenCache } from "evertoken"
import type pg from "pg"
import type { SharedStoreConfig } from "./worker-protocol.js"

/** A store on a server, with the connections of this process to it. */
export interface SharedStore {
  readonly cache: TokenCache
  /** Leaves nothing open. */
  close(): Promise<void>
}

/** Clients are loaded when they are needed: most processes need none. */
export function openSharedStore(config: SharedStoreConfig): Promise<SharedStore> {
  const open = { redis: openRedis, postgres: openPostgres, rows: openRows }[config.kind]
  return open(config)
}

async function openRedis({ port, name, leaseMs }: SharedStoreConfig): Promise<SharedStore> {
  const [{ Redis }, { RedisTokenCache }] = await Promise.all([import("ioredis"), import("evertoken/redis")])
  const client = new Redis({ port, host: "127.0.0.1" })
  // it is killed and cut off; the cache tells of it
  client.on("error", () => undefined)
  const cache = new RedisTokenCache(client, { prefix: name, leaseMs })
  return { cache, close: async () => void (await Promise.all([cache.close(), client.quit()])) }
}

async function openPostgres(config: SharedStoreConfig): Promise<SharedStore> {
  const [pool, { PostgresTokenCache }] = await Promise.all([openPool(config), import("evertoken/postgres")])
  const cache = new PostgresTokenCache(pool, { table: config.name, leaseMs: config.leaseMs })
  return { cache, close: () => closeBoth(cache, pool) }
}

async function openRows(config: SharedStoreConfig): Promise<SharedStore> {
  const [pool, { RowTokenCache }, { postgresRows }] = await Promise.all([
    openPool(config),
    import("evertoken/row"),
    import("./postgres-rows.js"),
  ])
  const cache = new RowTokenCache(postgresRows(pool, config.name), { leaseMs: config.leaseMs })
  return { cache, close: () => closeBoth(cache, pool) }
}

async function openPool({ port }: SharedStoreConfig): Promise<pg.Pool> {
  const { default: postgres } = await import("pg")
  // connections that are not used stay open: who counts them finds always as many
  const pool = new postgres.Pool({ host: "127.0.0.1", port, user: "postgres", database: "postgres", max: 2, min: 2 })
  pool.on("error", () => undefined)
  return pool
}

async function closeBoth(cache: { close(): Promise<void> }, pool: pg.Pool): Promise<void> {
  await cache.close()
  await pool.end()
}
