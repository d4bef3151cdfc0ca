import type { Observable } from "rxjs"
import { assertClock, systemClock, type Clock } from "../clock.js"
import { LeaseClaim } from "../lease-claim.js"
import { assertMilliseconds, LONGEST_TIMER_MS } from "../milliseconds.js"
import { assertOptions, type OptionNames } from "../options-object.js"
import { assertRandom, createRandom, type Random } from "../random.js"
import type { Claim, ClaimSubject, Commit, CommitOptions, StoredToken, TokenCache } from "../token-cache.js"
import { RowChanges } from "./row-changes.js"
import { RowClaimBoard } from "./row-claim-board.js"
import { RowRecords } from "./row-record.js"
import { RowStore } from "./row-store.js"
import { CheckedRows, type Rows } from "./rows.js"

/**
 * How a {@link RowTokenCache} names its records, hears of changes, and what an absent row means. Checked when it is
 * constructed, never changed.
 */
export interface RowTokenCacheOptions {
  /** For messages and events. Default `"row"`. */
  readonly name?: string | undefined
  /**
   * What it means that there is no row.
   *
   * - `"lost"`, the default: the database has lost it. Signing out leaves a mark in the row, and whoever knows the token puts
   *   back a row that is gone.
   * - `"signed-out"`: signing out removes the row, and so may anything else that removes rows: the end of a session, the
   *   deletion of a user. Nobody puts it back; a new sign-in makes a new one. For tokens that begin with a sign-in, as the
   *   only cache of their sources; not for refresh tokens in the configuration, which nothing would keep from signing in again.
   */
  readonly absence?: "lost" | "signed-out" | undefined
  /**
   * For how long a claim lasts without a sign of life of its owner, in milliseconds. Default 10,000; at least 1,000. Renewed
   * every third of it, each time by a write. Another process takes over from one that was killed once it has itself
   * watched for so long: keep it well under the `claimTimeoutMs` of the sources (20,000), or it takes several calls.
   */
  readonly leaseMs?: number | undefined
  /** How often `changes()` looks for each key that somebody watches, in milliseconds, on average. Default 1,000. */
  readonly pollMs?: number | undefined
  /** Default: the machine's own. */
  readonly clock?: Clock | undefined
  /** Spreads the looks of many processes. Default: seeded by the system's entropy. */
  readonly random?: Random | undefined
}

const NAMES: OptionNames<RowTokenCacheOptions> = {
  name: true,
  absence: true,
  leaseMs: true,
  pollMs: true,
  clock: true,
  random: true,
}

/**
 * Tokens in any database that has one value for each key and can compare and set it: all hosts share them, one request to
 * the issuer serves them all, and a rotated refresh token is saved before anyone uses what came with it. All that there is of
 * a token is in its row, the claims on it, too: it goes when the row goes. Safe to use concurrently, by any number of processes.
 *
 * There is no clock but those of the hosts, which are to agree within seconds. Times in a token, and in the mark that says
 * when a refresh token was sent, are the writer's: on a host whose clock is far behind, an issuer's leeway (`reuseLeewayMs`)
 * would seem to last longer than it does, and an expired token to be valid. With `absence: "signed-out"` they also order a
 * sign-in after the one before.
 *
 * The token is stored as it is, for everyone who can read the row: `encrypted` of `evertoken/encryption` goes around it. What
 * cannot be read is never overwritten, since it may be a rotated refresh token: all but `delete` reject.
 *
 * Its errors are `ERR_TOKEN_CACHE` (transient unless only a person can mend it), and never the database's own.
 */
export class RowTokenCache implements TokenCache {
  readonly name: string
  readonly durable = true
  readonly #store: RowStore
  readonly #records: RowRecords
  readonly #changes: RowChanges
  readonly #clock: Clock
  readonly #leaseMs: number

  /** @throws TypeError naming the option. */
  constructor(rows: Rows, options: RowTokenCacheOptions = {}) {
    assertOptions("RowTokenCache", options, NAMES)
    const { name = "row", absence = "lost", leaseMs = 10_000, pollMs = 1_000 } = options
    const { clock = systemClock, random = createRandom() } = options
    if (typeof name !== "string" || name.trim() === "") throw new TypeError("name must be a text that is not empty")
    if (!["lost", "signed-out"].includes(absence)) throw new TypeError('absence must be "lost" or "signed-out"')
    assertMilliseconds("leaseMs", leaseMs, { least: 1_000, most: LONGEST_TIMER_MS })
    assertMilliseconds("pollMs", pollMs, { least: 10, most: LONGEST_TIMER_MS / 2 })
    assertClock(clock)
    assertRandom(random)
    const isAbsenceSignOut = absence === "signed-out"
    const checked = new CheckedRows(rows, { name, clock })
    this.name = name
    this.#store = new RowStore({ rows: checked, isAbsenceSignOut, name, clock, random })
    this.#records = new RowRecords({ store: this.#store, name })
    this.#changes = new RowChanges({ look: (key) => this.#look(key), clock, random, pollMs })
    this.#clock = clock
    this.#leaseMs = leaseMs
  }

  /**
   * With `absence: "signed-out"`, where a row was seen that is gone: the mark of that sign-out.
   * @throws TokenError `ERR_TOKEN_CACHE`, also if what is there cannot be read.
   */
  get(key: string): Promise<StoredToken | undefined> {
    return this.#records.get(key)
  }

  /**
   * A record that is not of a higher generation than the one there is refused, too; committing the same one again is not.
   * With `absence: "signed-out"` a first record is raised to a generation of at least the time, and one that was in a row
   * before, or goes on with it, is refused.
   */
  async commit(key: string, record: StoredToken, { expected }: CommitOptions): Promise<Commit> {
    const commit = await this.#records.commit(key, record, expected)
    if (commit.committed) this.#changes.written(key)
    return commit
  }

  /** Gives up even what cannot be read. */
  async delete(key: string): Promise<void> {
    await this.#records.delete(key)
    this.#changes.written(key)
  }

  claim(key: string, { what }: ClaimSubject): Claim {
    const clock = this.#clock
    const board = new RowClaimBoard({ key, what, store: this.#store, name: this.name, clock })
    return new LeaseClaim(board, { clock, leaseMs: this.#leaseMs })
  }

  /** Emits after every write, this process's own included, and at first if there is a record. */
  changes(key: string): Observable<void> {
    return this.#changes.changes(key)
  }

  /** Completes what {@link changes} has given. What is stored stays usable. */
  async close(): Promise<void> {
    this.#changes.close()
  }

  async #look(key: string): Promise<string> {
    const { lineage, generation, id } = (await this.get(key))?.version ?? {}
    return id === undefined ? "" : JSON.stringify([lineage, generation, id])
  }
}
