import { PostgresTokenCache } from "evertoken/postgres"
import pg from "pg"
import { createRowsTable } from "../processes/postgres-rows.js"
import type { SharedStoreConfig } from "../processes/worker-protocol.js"
import { PostgresServer, providePostgres } from "../servers/postgres-server.js"
import { provideRedis, RedisServer } from "../servers/redis-server.js"
import { STORE_NAME } from "./store-name.js"

/** A server that the hosts of a fleet share, which can be paused, killed and emptied. */
export interface SharedServer extends AsyncDisposable {
  readonly kind: SharedStoreConfig["kind"]
  readonly port: number
  pause(): void | Promise<void>
  resume(): void | Promise<void>
  /** As by a power failure. */
  kill(): Promise<void>
  /** What it held is there again, unless it {@link loseData}. */
  start(): Promise<void>
  loseData?(): Promise<void>
}

/** Each kind, where it can be had. */
export const SHARED_SERVERS: Readonly<Record<SharedStoreConfig["kind"], (() => Promise<SharedServer>) | undefined>> = {
  redis: redisStarter(),
  postgres: postgresStarter("postgres", (pool) => PostgresTokenCache.migrate(pool, { table: STORE_NAME })),
  rows: postgresStarter("rows", (pool) => createRowsTable(pool, STORE_NAME)),
}

function redisStarter(): (() => Promise<SharedServer>) | undefined {
  const program = provideRedis()
  if (program === undefined) return undefined
  return async () => Object.assign(await RedisServer.start(program), { kind: "redis" as const })
}

function postgresStarter(
  kind: "postgres" | "rows",
  create: (pool: pg.Pool) => Promise<void>,
): (() => Promise<SharedServer>) | undefined {
  const programs = providePostgres()
  if (programs === undefined) return undefined
  return async () => {
    const server = await PostgresServer.start(programs)
    const pool = new pg.Pool(server.connection)
    await create(pool)
    await pool.end()
    return Object.assign(server, { kind })
  }
}
