import { PostgresTokenCache, type PostgresTokenCacheOptions } from "evertoken/postgres"
import { setTimeout as wait } from "node:timers/promises"
import pg from "pg"
import { PostgresServer } from "../servers/postgres-server.js"

/** A real server, and stores on it. */
export class PostgresScene implements AsyncDisposable {
  readonly server: PostgresServer
  #stores = 0

  private constructor(server: PostgresServer) {
    this.server = server
  }

  static async start(programs: string): Promise<PostgresScene> {
    return new PostgresScene(await PostgresServer.start(programs))
  }

  /** Tables of their own, empty. */
  async store(): Promise<PostgresStore> {
    const store = new PostgresStore(this.server, `store_${++this.#stores}`)
    await store.migrate()
    return store
  }

  async #listening(): Promise<number> {
    const [row] = await this.server.run("SELECT count(*)::int AS n FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
    return Number(row?.["n"])
  }

  /** As an administrator does. */
  async terminateListeners(): Promise<void> {
    await this.server.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
  }

  /** Resolves once so many connections listen. */
  async untilListening(count: number): Promise<void> {
    while ((await this.#listening()) !== count) await wait(20)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]()
  }
}

/** One set of tables, used by as many processes as one likes, each with a pool of its own. */
class PostgresStore {
  readonly server: PostgresServer
  readonly table: string
  #opened: { readonly cache: PostgresTokenCache; readonly pool: pg.Pool }[] = []

  constructor(server: PostgresServer, table: string) {
    this.server = server
    this.table = table
  }

  async migrate(): Promise<void> {
    const pool = this.pool()
    await PostgresTokenCache.migrate(pool, { table: this.table })
    await pool.end()
  }

  pool(options: pg.PoolConfig = {}): pg.Pool {
    const pool = new pg.Pool({ ...this.server.connection, ...options })
    // the server is killed while connections are idle
    pool.on("error", () => undefined)
    return pool
  }

  /** A cache over a pool of its own, as another process has it. */
  open(options: PostgresTokenCacheOptions = {}, poolOptions: pg.PoolConfig = {}): PostgresTokenCache {
    const pool = this.pool(poolOptions)
    const cache = new PostgresTokenCache(pool, { table: this.table, ...options })
    this.#opened.push({ cache, pool })
    return cache
  }

  async close(): Promise<void> {
    for (const { cache, pool } of this.#opened.splice(0)) {
      await cache.close()
      await pool.end()
    }
  }
}
