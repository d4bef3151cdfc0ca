import type { TokenCache } from "evertoken"
import type { SharedStoreConfig } from "./worker-protocol.js"

/** A store on a server, with the connections of this process to it. */
export interface SharedStore {
  readonly cache: TokenCache
  /** Leaves nothing open. */
  close(): Promise<void>
}

/** Clients are loaded when they are needed: most processes need none. */
export function openSharedStore(config: SharedStoreConfig): Promise<SharedStore> {
  return config.kind === "redis" ? openRedis(config) : openPostgres(config)
}

async function openRedis({ port, name, leaseMs }: SharedStoreConfig): Promise<SharedStore> {
  const [{ Redis }, { RedisTokenCache }] = await Promise.all([import("ioredis"), import("evertoken/redis")])
  const client = new Redis({ port, host: "127.0.0.1" })
  // it is killed and cut off; the cache tells of it
  client.on("error", () => undefined)
  const cache = new RedisTokenCache(client, { prefix: name, leaseMs })
  return { cache, close: async () => void (await Promise.all([cache.close(), client.quit()])) }
}

async function openPostgres({ port, name, leaseMs }: SharedStoreConfig): Promise<SharedStore> {
  const [{ default: pg }, { PostgresTokenCache }] = await Promise.all([import("pg"), import("evertoken/postgres")])
  // connections that are not used stay open: who counts them finds always as many
  const pool = new pg.Pool({ host: "127.0.0.1", port, user: "postgres", database: "postgres", max: 2, min: 2 })
  pool.on("error", () => undefined)
  const cache = new PostgresTokenCache(pool, { table: name, leaseMs })
  return {
    cache,
    close: async () => {
      await cache.close()
      await pool.end()
    },
  }
}
