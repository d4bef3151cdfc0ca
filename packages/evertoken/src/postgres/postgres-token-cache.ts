import type { Observable } from "rxjs"
import { assertClock, systemClock, type Clock } from "../clock.js"
import { LeaseClaim } from "../lease-claim.js"
import { assertMilliseconds, LONGEST_TIMER_MS } from "../milliseconds.js"
import { assertOptions, type OptionNames } from "../options-object.js"
import { assertRandom, createRandom, type Random } from "../random.js"
import type { Claim, ClaimSubject, Commit, CommitOptions, StoredToken, TokenCache } from "../token-cache.js"
import { ChangeFeed } from "./change-feed.js"
import { ClaimTable } from "./claim-table.js"
import { migrate } from "./migration.js"
import { listenBy } from "./notifications.js"
import { assertConnection, isEmbedded, type PostgresClient, type PostgresConnection } from "./postgres-connection.js"
import { PostgresDatabase } from "./postgres-database.js"
import { RecordTable } from "./record-table.js"
import { rowOf } from "./row-key.js"
import { TableNames, type PostgresTableOptions } from "./table-names.js"

export interface PostgresTokenCacheOptions extends PostgresTableOptions {
  /**
   * How `changes()` is told by the database (LISTEN). `true`, the default: on one connection of the pool, kept for as long
   * as somebody watches; not if the pool has only one. A function that makes a `Client` which is not connected yet: on
   * that one, for a pool that goes through pgbouncer. `false`: not at all.
   */
  readonly listen?: boolean | (() => PostgresClient) | undefined
  /**
   * How often `changes()` looks by itself, in milliseconds, on average: one statement for all keys. Default 1,000; more
   * for thousands of keys, or processes, that are told anyway.
   */
  readonly pollMs?: number | undefined
  /** For how long a claim lasts whose owner is gone, in milliseconds. Default 30,000. */
  readonly leaseMs?: number | undefined
  /** In place of the machine's own *and* of the database's: for tests, and for one program alone. */
  readonly clock?: Clock | undefined
  /** Spreads the looks of many processes. Default: seeded by the system's entropy. */
  readonly random?: Random | undefined
}

const TABLE_NAMES: OptionNames<PostgresTableOptions> = { schema: true, table: true }
const NAMES: OptionNames<PostgresTokenCacheOptions> = {
  ...TABLE_NAMES,
  listen: true,
  pollMs: true,
  leaseMs: true,
  clock: true,
  random: true,
}

/**
 * Tokens in a PostgreSQL database that all hosts share: one request to the issuer serves them all, and a rotated refresh
 * token is committed before anyone uses what came with it. Safe to use concurrently, by any number of processes, through
 * pgbouncer too: every step is one statement, and no connection is held during a request to the issuer. Of the clocks
 * only the database's counts.
 *
 * The tables are made by {@link PostgresTokenCache.migrate}, for the user that calls it; whoever may read them may use the
 * tokens, so grant it to nobody else, or encrypt. A record that cannot be understood is told of by the event
 * `cache-failed`, and moved aside by the one that takes its place.
 *
 * Over a PGlite it needs no server, and serves one process. A PGlite does not flush its files: a power failure may lose
 * what was written last.
 *
 * Its errors are `ERR_TOKEN_CACHE`, and say what mends them.
 */
export class PostgresTokenCache implements TokenCache {
  readonly name = "postgres"
  readonly durable: boolean
  readonly #records: RecordTable
  readonly #feed: ChangeFeed
  readonly #claimOf: (key: string, what: string) => Claim

  /**
   * @param connection a `Pool` of pg, or a PGlite. It stays the caller's: its errors, and its end. End it after `close()`.
   * @throws TypeError naming the option.
   */
  constructor(connection: PostgresConnection, options: PostgresTokenCacheOptions = {}) {
    assertConnection(connection)
    assertOptions("PostgresTokenCache", options, NAMES)
    const { listen = true, pollMs = 1_000, leaseMs = 30_000, random = createRandom() } = options
    if (typeof listen !== "boolean" && typeof listen !== "function") {
      throw new TypeError("listen must be true, false, or a function that makes a Client")
    }
    assertMilliseconds("pollMs", pollMs, { least: 10, most: LONGEST_TIMER_MS / 2 })
    assertMilliseconds("leaseMs", leaseMs, { least: 1_000, most: LONGEST_TIMER_MS })
    const { clock = systemClock } = options
    assertClock(clock)
    assertRandom(random)
    const names = new TableNames(options)
    const database = new PostgresDatabase(connection)
    const time = () => (options.clock === undefined ? null : clock.now())
    this.durable = !isInMemory(connection)
    this.#records = new RecordTable({ database, names, time, clock })
    this.#claimOf = (key, what) =>
      new LeaseClaim(new ClaimTable(rowOf(key), what, { database, names, time }), { clock, leaseMs })
    this.#feed = new ChangeFeed({
      revisionsOf: (keys) => this.#records.revisionsOf(keys),
      listen: listenBy(connection, { channel: names.channel, listen }),
      isEnded: () => database.isEnded,
      pollMs,
      clock,
      random,
    })
  }

  /**
   * Creates the tables, and the schema if it is missing, or brings them to this version. Safe to call at every start, by
   * many processes at once; where nothing is to be done the user needs no more rights than the cache.
   * @throws TypeError naming the option. `TokenError` `ERR_TOKEN_CACHE`.
   */
  static async migrate(connection: PostgresConnection, options: PostgresTableOptions = {}): Promise<void> {
    assertConnection(connection)
    assertOptions("PostgresTokenCache.migrate", options, TABLE_NAMES)
    await migrate(new PostgresDatabase(connection), new TableNames(options))
  }

  get(key: string): Promise<StoredToken | undefined> {
    return this.#records.get(key)
  }

  /** A record that is not of a higher generation than the one there is refused, too; committing the same one again is not. */
  commit(key: string, record: StoredToken, { expected }: CommitOptions): Promise<Commit> {
    return this.#records.commit(key, record, expected)
  }

  delete(key: string): Promise<void> {
    return this.#records.delete(key)
  }

  claim(key: string, { what }: ClaimSubject): Claim {
    return this.#claimOf(key, what)
  }

  /** Emits after every write, this process's own included, and at first if there is a record. */
  changes(key: string): Observable<void> {
    return this.#feed.changes(key)
  }

  /** Completes what {@link changes} has given, and ends the connection that listens. What is stored stays usable. */
  async close(): Promise<void> {
    this.#feed.close()
  }
}

function isInMemory(connection: PostgresConnection): boolean {
  if (!isEmbedded(connection)) return false
  return connection.dataDir === undefined || connection.dataDir.startsWith("memory:")
}
