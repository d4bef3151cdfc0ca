import { defer, EMPTY, Subject, takeUntil, type Observable } from "rxjs"
import { assertClock, systemClock, type Clock } from "../clock.js"
import { publish } from "../events.js"
import { LeaseClaim } from "../lease-claim.js"
import { assertMilliseconds, LONGEST_TIMER_MS } from "../milliseconds.js"
import { assertOptions, type OptionNames } from "../options-object.js"
import { assertRandom, createRandom, type Random } from "../random.js"
import type { Claim, ClaimSubject, Commit, CommitOptions, StoredToken, TokenCache } from "../token-cache.js"
import { hashOf } from "../token-source.js"
import { durabilityProblems } from "./durability-check.js"
import { RedisChannels } from "./redis-channels.js"
import { observeChanges } from "./redis-changes.js"
import { RedisClaimBoard } from "./redis-claim-board.js"
import { connectionOf, type IoredisClient, type NodeRedisClient } from "./redis-client.js"
import { redisFailure } from "./redis-failure.js"
import { RedisRecord } from "./redis-record.js"
import type { RedisConnection } from "./redis-connection.js"
import { assertWaitReplicas, awaitReplicas, type WaitReplicas } from "./replication.js"
import { ScriptRunner } from "./script-runner.js"

/**
 * Where a {@link RedisTokenCache} keeps its keys, and how long its claims last. Checked when it is constructed, never
 * changed.
 */
export interface RedisTokenCacheOptions {
  /** What all keys in Redis begin with. Default `"evertoken"`. Without braces: they say which part of a key makes its slot. */
  readonly prefix?: string | undefined
  /**
   * For how long a claim lasts without a sign of life of its owner, in milliseconds. Default 30,000. Renewed every third
   * of it; after it another process may take over from one that was killed. At least 1,000.
   */
  readonly leaseMs?: number | undefined
  /**
   * How long `changes()` waits at most until it looks by itself, besides being told by Redis, in milliseconds. Default
   * 5,000; more for thousands of keys: each is looked for.
   */
  readonly pollMs?: number | undefined
  /** Waits after each token and each mark until replicas have it. Default: does not. */
  readonly waitReplicas?: WaitReplicas | undefined
  /** Replaces the clock of this machine *and* that of Redis: for tests. Default: each has its own. */
  readonly clock?: Clock | undefined
  /** Spreads the looks. Default: seeded from the system's entropy. */
  readonly random?: Random | undefined
}

const NAMES: OptionNames<RedisTokenCacheOptions> = {
  prefix: true,
  leaseMs: true,
  pollMs: true,
  waitReplicas: true,
  clock: true,
  random: true,
}

interface Settings {
  readonly leaseMs: number
  readonly pollMs: number
  readonly waitReplicas: WaitReplicas | undefined
  readonly clock: Clock
  readonly random: Random
}

// half a kilobyte each, for users who may never come again; what is forgotten is read once more
const MOST_REMEMBERED = 10_000

/**
 * Tokens in Redis that all hosts share: one request to the issuer serves them all, and a new token is announced to all.
 * Safe to use concurrently, by any number of processes. Each step is one script in the server.
 *
 * The client stays the application's: it is not connected, changed or closed here. {@link changes} opens one more
 * connection, a duplicate of it, for as long as somebody subscribes.
 *
 * Tokens are stored as they are, for everyone who can read the keys. What Redis has acknowledged is as durable as it is
 * set up to be: with `appendonly yes` and `maxmemory-policy noeviction`, what works once is not lost. Once, after the
 * first write, the event `cache-failed` tells if it is set up otherwise.
 *
 * Its errors are `ERR_TOKEN_CACHE` (transient unless only a person can mend it), and never the client's own.
 */
export class RedisTokenCache implements TokenCache {
  readonly name = "redis"
  readonly durable = true
  readonly #connection: RedisConnection
  readonly #prefix: string
  readonly #options: Settings
  readonly #runner: ScriptRunner
  readonly #channels: RedisChannels
  readonly #records = new Map<string, RedisRecord>()
  readonly #closed = new Subject<void>()
  #isClosed = false
  #isChecked = false
  #isRefused = false

  /**
   * @param client of ioredis 5 or 6, or of node-redis 5 or 6; the latter is connected by the application. Redis 5 or newer, or
   *   what speaks its language, with scripts.
   * @throws TypeError naming the option.
   */
  constructor(client: IoredisClient | NodeRedisClient, options: RedisTokenCacheOptions = {}) {
    this.#connection = connectionOf(client)
    assertOptions("RedisTokenCache", options, NAMES)
    const { prefix = "evertoken", leaseMs = 30_000, pollMs = 5_000, waitReplicas } = options
    const { clock = systemClock, random = createRandom() } = options
    if (typeof prefix !== "string" || !/^[^\s{}]+$/.test(prefix)) {
      throw new TypeError("prefix must be a text without blanks and braces")
    }
    assertMilliseconds("leaseMs", leaseMs, { least: 1_000, most: LONGEST_TIMER_MS })
    assertMilliseconds("pollMs", pollMs, { least: 10, most: LONGEST_TIMER_MS })
    assertWaitReplicas(waitReplicas, this.#connection)
    assertClock(clock)
    assertRandom(random)
    this.#prefix = prefix
    this.#options = { leaseMs, pollMs, waitReplicas, clock, random }
    const replacesServerClock = options.clock !== undefined
    this.#runner = new ScriptRunner({ connection: this.#connection, clock, replacesServerClock })
    this.#channels = new RedisChannels({
      open: (events) => this.#connection.openSubscriber(events),
      onRefused: (error) => this.#reportRefusal(error),
    })
  }

  async get(key: string): Promise<StoredToken | undefined> {
    return this.#recordOf(key).get()
  }

  /** A record that is not of a higher generation than the one there is refused, too; committing the same one again is not. */
  async commit(key: string, record: StoredToken, { expected }: CommitOptions): Promise<Commit> {
    const commit = await this.#recordOf(key).commit(record, expected)
    if (commit.committed) await this.#replicated(key)
    void this.#checkOnce(key)
    return commit
  }

  async delete(key: string): Promise<void> {
    await this.#recordOf(key).delete()
    await this.#replicated(key)
  }

  claim(key: string, { what }: ClaimSubject): Claim {
    const { clock, leaseMs } = this.#options
    const board = new RedisClaimBoard({
      redisKey: `${this.#redisKeyOf(key)}:claim:${what}`,
      runner: this.#runner,
      replicated: () => this.#replicated(key),
    })
    return new LeaseClaim(board, { clock, leaseMs })
  }

  /**
   * Emits after every write, the subscriber's own process included, that the subscriber has not seen by `get` before it
   * subscribed. After an outage it looks by itself.
   */
  changes(key: string): Observable<void> {
    const { clock, random, pollMs } = this.#options
    const record = this.#recordOf(key)
    const channel = this.#redisKeyOf(key)
    const changes = observeChanges(() => ({
      look: (known) => record.look(known),
      listen: (listener) => this.#channels.listen(channel, listener),
      seen: record.seen,
      clock,
      random,
      pollMs,
    }))
    return defer(() => (this.#isClosed ? EMPTY : changes.pipe(takeUntil(this.#closed))))
  }

  /** Completes what {@link changes} has given, and closes its connection. The client and what is stored stay usable. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#closed.next()
  }

  #recordOf(key: string): RedisRecord {
    const report = (operation: string, detail: string) => this.#report(key, operation, detail)
    const record =
      this.#records.get(key) ?? new RedisRecord({ redisKey: this.#redisKeyOf(key), runner: this.#runner, report })
    this.#records.delete(key)
    this.#records.set(key, record) // the most recently used is the last one
    const [oldest = key] = this.#records.keys()
    if (this.#records.size > MOST_REMEMBERED) this.#records.delete(oldest)
    return record
  }

  // what is in braces makes the slot in a cluster: all of a token in one
  #redisKeyOf(key: string): string {
    return `${this.#prefix}:{${READABLE.test(key) ? key : `sha256-${hashOf(key)}`}}`
  }

  async #replicated(key: string): Promise<void> {
    const { waitReplicas } = this.#options
    if (waitReplicas === undefined) return
    await awaitReplicas(this.#connection, waitReplicas, (detail) => this.#report(key, "wait", detail))
  }

  /** Never rejects. */
  async #checkOnce(key: string): Promise<void> {
    if (this.#isChecked) return
    this.#isChecked = true
    try {
      for (const problem of await durabilityProblems(this.#runner, this.#redisKeyOf(key))) {
        this.#report(key, "check", problem)
      }
    } catch {
      this.#isChecked = false // next time
    }
  }

  #reportRefusal(error: unknown): void {
    if (this.#isRefused) return
    this.#isRefused = true
    const { message: detail } = redisFailure("listen to changes, and looks now and then instead", error)
    publish("cache-failed", { cache: this.name, operation: "subscribe", code: "ERR_TOKEN_CACHE", detail })
  }

  #report(key: string, operation: string, detail: string): void {
    publish("cache-failed", { cache: this.name, key, operation, code: "ERR_TOKEN_CACHE", detail })
  }
}

const READABLE = /^(?!sha256-)[A-Za-z0-9._-]{1,64}$/
