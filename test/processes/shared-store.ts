import type { TokenCache } from "evertoken"
import type { SharedStoreConfig } from "./worker-protocol.js"

/** What is open of it ends with the process. Clients are loaded when they are needed: most workers need none. */
export function openSharedStore(config: SharedStoreConfig): Promise<TokenCache> {
  return config.kind === "redis" ? openRedis(config) : openPostgres(config)
}

async function openRedis({ port, name, leaseMs }: SharedStoreConfig): Promise<TokenCache> {
  const [{ Redis }, { RedisTokenCache }] = await Promise.all([import("ioredis"), import("evertoken/redis")])
  const client = new Redis({ port, host: "127.0.0.1" })
  // it is killed and cut off; the cache tells of it
  client.on("error", () => undefined)
  return new RedisTokenCache(client, { prefix: name, leaseMs })
}

async function openPostgres({ port, name, leaseMs }: SharedStoreConfig): Promise<TokenCache> {
  const [{ default: pg }, { PostgresTokenCache }] = await Promise.all([import("pg"), import("evertoken/postgres")])
  const pool = new pg.Pool({ host: "127.0.0.1", port, user: "postgres", database: "postgres", max: 2 })
  pool.on("error", () => undefined)
  return new PostgresTokenCache(pool, { table: name, leaseMs })
}
