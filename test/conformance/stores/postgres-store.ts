import { EventEmitter, once } from "node:events"
import { setImmediate as turn } from "node:timers/promises"
import type { Clock, StoredToken, TokenCache } from "evertoken"
import { PostgresTokenCache, type PostgresClient, type PostgresQuery } from "evertoken/postgres"
import pg from "pg"
import { PostgresServer } from "../../servers/postgres-server.js"
import type { OpenStore, StoreMishap, StoreUnderTest } from "./store-under-test.js"

/** The real `PostgresTokenCache`, on a real server that all scenarios share, one after the other. */
export function postgresStore(programs: string): StoreUnderTest {
  let traffic: Promise<Traffic> | undefined
  return {
    name: "postgres",
    open: async () => {
      const opened = await (traffic ??= Traffic.start(programs))
      await opened.empty()
      return new SharedTables(opened)
    },
    settle: async () => (await traffic)?.settle(),
    end: async () => {
      await (await traffic)?.[Symbol.asyncDispose]()
      traffic = undefined
    },
  }
}

// the server tells at once what is written; looking oneself is for what it does not tell
const POLL_MS = 30_000

class SharedTables implements OpenStore {
  readonly #traffic: Traffic

  constructor(traffic: Traffic) {
    this.#traffic = traffic
  }

  connect(clock: Clock): TokenCache {
    const { pool, listen } = this.#traffic
    return new PostgresTokenCache(pool, { clock, pollMs: POLL_MS, listen })
  }

  read(key: string): Promise<StoredToken | undefined> {
    return new PostgresTokenCache(this.#traffic.pool).get(key)
  }

  async suffer(mishap: StoreMishap): Promise<boolean> {
    if (mishap === "copy is torn") return false
    const statements = {
      "is emptied": ["DELETE FROM evertoken"],
      "is torn": ["UPDATE evertoken SET record = left(record, length(record) / 2), revision = 'torn'"],
      "is backed up": ["DROP TABLE IF EXISTS backup", "CREATE TABLE backup AS SELECT * FROM evertoken"],
      "is restored": ["DELETE FROM evertoken", "INSERT INTO evertoken SELECT * FROM backup"],
    }[mishap]
    for (const statement of statements) await this.#traffic.run(statement)
    return true
  }

  async visibleNames(): Promise<readonly string[]> {
    const rows = await this.#traffic.run("SELECT key AS name FROM evertoken UNION SELECT what FROM evertoken_claims")
    return rows.map(({ name }) => String(name))
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

// a chain of calls has one of them under way at each turn
const QUIET_TURNS = 3
const BARRIER = "conformance_barrier"

/** All that goes to the server and comes from it, counted. */
class Traffic implements AsyncDisposable {
  readonly #server: PostgresServer
  readonly #pool: pg.Pool
  /** The one connection that listens, for all. */
  readonly #ear: pg.Client
  readonly #heard = new EventEmitter().setMaxListeners(0)
  #pending = 0
  #isNewsOut = false
  #barriers = 0

  private constructor(server: PostgresServer) {
    this.#server = server
    this.#pool = new pg.Pool({ ...server.connection, max: 4 })
    this.#ear = new pg.Client(server.connection)
  }

  static async start(programs: string): Promise<Traffic> {
    const traffic = new Traffic(await PostgresServer.start(programs))
    await PostgresTokenCache.migrate(traffic.#pool)
    const ear = traffic.#ear
    ear.on("notification", ({ channel, payload }) => traffic.#heard.emit(channel, payload))
    await ear.connect()
    await ear.query(`LISTEN ${BARRIER}`)
    return traffic
  }

  readonly pool = {
    query: (query: PostgresQuery) => {
      this.#isNewsOut ||= query.text.includes("pg_notify")
      return this.#counted(this.#pool.query(query))
    },
    connect: () => Promise.reject(new Error("a client of its own listens")),
  }

  /** Stands for a connection of its own. */
  readonly listen = (): PostgresClient => {
    const news = new EventEmitter()
    const pass = (payload: string) => void news.emit("notification", { payload })
    let channel = ""
    return {
      connect: () => Promise.resolve(),
      query: async ({ text }) => {
        channel = text.replace("LISTEN ", "")
        this.#heard.on(channel, pass)
        return this.#counted(this.#ear.query(text))
      },
      end: async () => void this.#heard.off(channel, pass),
      on: (event, listener) => news.on(event, listener),
    }
  }

  async run(statement: string): Promise<readonly Record<string, unknown>[]> {
    return (await this.#pool.query<Record<string, unknown>>(statement)).rows
  }

  async empty(): Promise<void> {
    await this.run("TRUNCATE evertoken, evertoken_claims, evertoken_aside")
  }

  async settle(): Promise<void> {
    for (let quiet = 0; quiet < QUIET_TURNS; quiet++) {
      await turn()
      if (this.#pending > 0) quiet = -1
      else if (this.#isNewsOut) {
        await this.#hearAll()
        quiet = -1
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ear.end()
    await this.#pool.end()
    await this.#server[Symbol.asyncDispose]()
  }

  /** What was told before has then been heard: the server keeps the order. */
  async #hearAll(): Promise<void> {
    this.#isNewsOut = false
    const barrier = `barrier ${++this.#barriers}`
    const heard = once(this.#heard, BARRIER)
    await this.#pool.query("SELECT pg_notify($1, $2)", [BARRIER, barrier])
    await heard
  }

  async #counted<T>(answer: Promise<T>): Promise<T> {
    this.#pending++
    try {
      return await answer
    } finally {
      this.#pending--
    }
  }
}
