import type { TokenCache } from "evertoken"
import { PostgresTokenCache } from "evertoken/postgres"
import { RedisTokenCache } from "evertoken/redis"
import { Redis } from "ioredis"
import pg from "pg"
import type { SharedStoreConfig } from "../processes/worker-protocol.js"

/** A store on a server, with the connections of this process to it. */
export interface SharedStore {
  readonly cache: TokenCache
  /** Leaves nothing open. */
  close(): Promise<void>
}

export function openSharedStore({ kind, port, name, leaseMs }: SharedStoreConfig): SharedStore {
  if (kind === "redis") {
    const client = new Redis({ port, host: "127.0.0.1" })
    const cache = new RedisTokenCache(client, { prefix: name, leaseMs })
    return { cache, close: async () => void (await Promise.all([cache.close(), client.quit()])) }
  }
  // its connections stay open, as those of a server do: their number is to be the same in each sample
  const pool = new pg.Pool({ host: "127.0.0.1", port, user: "postgres", database: "postgres", max: 4, min: 4 })
  const cache = new PostgresTokenCache(pool, { table: name, leaseMs })
  return {
    cache,
    close: async () => {
      await cache.close()
      await pool.end()
    },
  }
}
