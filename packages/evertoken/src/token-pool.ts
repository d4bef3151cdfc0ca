import { Observable } from "rxjs"
import { ConcurrencyLimit } from "./concurrency-limit.js"
import { RecentlyUsed, type Linked } from "./recently-used.js"
import { sourceClosed } from "./renewal-errors.js"
import { SharedTimer } from "./shared-timer.js"
import type { ResettableTimer } from "./slice-timer.js"
import { assertTokenPoolOptions, type TokenPoolOptions } from "./token-pool-options.js"
import type { HeldToken } from "./token-lifetime.js"
import type { HeldPlace } from "./token-publication.js"
import type { TokenRequest, TokenSource } from "./token-source.js"
import { createWatcher, type TokenWatcher } from "./token-watcher.js"
import type { Token } from "./token.js"
import { watcherSettings, type WatcherSettings } from "./watcher-options.js"

export type { TokenPoolOptions } from "./token-pool-options.js"

// if so many in turn are in use, the pool grows beyond its size for a while
const MOST_TRIES_FOR_ROOM = 100

/** A key in use, and its place in the order of use. */
class PoolEntry implements Linked<PoolEntry>, HeldPlace {
  readonly key: string
  readonly watcher: TokenWatcher
  held: HeldToken | undefined
  ready: Promise<Token> | undefined
  newer: PoolEntry | undefined
  older: PoolEntry | undefined
  /** The count of all uses when it was used last. */
  lastUse = 0
  /** Subscriptions and calls that wait: as long as there are any, it is not closed for want of room or use. */
  holds = 0

  constructor(key: string, source: TokenSource, settings: WatcherSettings) {
    this.key = key
    this.watcher = createWatcher(source, settings, this)
  }
}

/**
 * Tokens by key: of tenants, users, sets of scopes. Each key is watched as by a `TokenWatcher`, from its first use on;
 * one timer serves all of them. What fails for one key is no other one's business: while a key's failures are backed
 * off, whoever asks for it gets the last failure at once.
 *
 * The source of a key is made at its first use, and again after it was closed for want of room or use. One that needs
 * something first, such as a tenant's secret from a vault, gets it in its `getToken` (`tokenSourceFrom`).
 */
export class TokenPool {
  readonly #createSource: (key: string) => TokenSource
  readonly #settings: WatcherSettings
  readonly #maximumSize: number
  readonly #idleMs: number
  readonly #entries = new Map<string, PoolEntry>()
  readonly #order = new RecentlyUsed<PoolEntry>()
  readonly #closings = new Set<Promise<unknown>>()
  readonly #sweep: ResettableTimer
  #uses = 0
  #usesAtSweep = 0
  #closing: Promise<void> | undefined

  /** @throws TypeError naming the option. */
  constructor(createSource: (key: string) => TokenSource, options: TokenPoolOptions = {}) {
    assertTokenPoolOptions(createSource, options)
    const { maximumSize = 10_000, idleMs = 3_600_000, concurrency = 32, ...watching } = options
    const settings = watcherSettings(watching)
    const timer = new SharedTimer(settings.clock)
    this.#createSource = createSource
    const limit = new ConcurrencyLimit(concurrency)
    this.#settings = {
      ...settings,
      createTimer: (onWake) => timer.create(onWake),
      inTurn: (task, { isUrgent, abort }) => limit.run(task, { isUrgent, signal: abort.signal }),
    }
    this.#maximumSize = maximumSize
    this.#idleMs = idleMs
    this.#sweep = timer.create(() => this.#closeIdle())
  }

  /** How many keys are kept. */
  get size(): number {
    return this.#entries.size
  }

  /**
   * The token at hand. Never waits; takes the same time for any number of keys. The first use of a key begins, and throws.
   * @throws TokenError as `TokenWatcher.current()` does; what `createSource` throws; TypeError if the key is not a
   *   string, or empty.
   */
  current(key: string): Token {
    const { held, watcher } = this.#use(key)
    // of many keys each object on the way to the token is likely to be in no cache of the processor
    return held !== undefined && held.glance() !== "expired" ? held.token : watcher.current()
  }

  /** As `TokenWatcher.getToken()`, for one key. Rejects also with what `createSource` throws. */
  getToken(key: string, request?: TokenRequest): Promise<Token> {
    try {
      const entry = this.#use(key)
      const { held, ready } = entry
      if (request === undefined && ready !== undefined && held?.glance() === "fresh") return ready
      const token = entry.watcher.getToken(request)
      this.#hold(entry, token)
      // as it is: an async function would make another promise of it at each read
      return token
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** As `TokenWatcher.refresh()`, for one key. */
  async refresh(key: string): Promise<Token> {
    const entry = this.#use(key)
    const token = entry.watcher.refresh()
    this.#hold(entry, token)
    return token
  }

  /**
   * As `TokenWatcher.token$`, for one key; errors only with what `createSource` throws. A key with a subscription is not
   * closed for want of room or use.
   */
  token$(key: string): Observable<Token> {
    assertKey(key)
    return new Observable((subscriber) => {
      if (this.#closing !== undefined) return subscriber.complete()
      const entry = this.#use(key)
      entry.holds++
      const subscription = entry.watcher.token$.subscribe(subscriber)
      return () => {
        entry.holds--
        subscription.unsubscribe()
      }
    })
  }

  /** A key as a token source, for `createFetch` say. It stays good whatever becomes of the key in the pool. */
  source(key: string): TokenSource {
    assertKey(key)
    return Object.freeze({
      getToken: (request?: TokenRequest) => this.getToken(key, request),
      atHand: () => (this.#entries.has(key) ? this.#use(key).watcher.atHand() : undefined),
    })
  }

  /** As `TokenWatcher.invalidate()`, for one key. No-op if the key is not kept. */
  invalidate(key: string, token: Token): void {
    this.#entries.get(key)?.watcher.invalidate(token)
  }

  /**
   * As `TokenWatcher.signOut()`, for one key: it stays signed out until it is signed in again, or closed (deleted, or for
   * want of room or use). What its source keeps tells of the sign-out for longer.
   */
  async signOut(key: string): Promise<void> {
    const entry = this.#use(key)
    const done = entry.watcher.signOut()
    this.#hold(entry, done)
    await done
  }

  /** Closes one key. Its next use begins anew. */
  async delete(key: string): Promise<void> {
    const entry = this.#entries.get(key)
    if (entry !== undefined) await this.#drop(entry)
  }

  /** Closes every key, as `TokenWatcher.close()` does. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  /** As {@link close}, at the end of the block that declares it by `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #use(key: string): PoolEntry {
    const entry = this.#entries.get(key) ?? this.#create(key)
    entry.lastUse = ++this.#uses
    this.#order.use(entry)
    return entry
  }

  #create(key: string): PoolEntry {
    assertKey(key)
    if (this.#closing !== undefined) throw sourceClosed()
    const entry = new PoolEntry(key, this.#createSource(key), this.#settings)
    if (this.#entries.size === 0) this.#sweep.set(this.#idleMs, { ref: false })
    this.#makeRoom()
    this.#entries.set(key, entry)
    return entry
  }

  #makeRoom(): void {
    for (let tries = 0; this.#entries.size >= this.#maximumSize && tries < MOST_TRIES_FOR_ROOM; tries++) {
      this.#dropOrKeep(this.#order.oldest)
    }
  }

  #closeIdle(): void {
    const usesAtSweep = this.#uses
    for (let oldest = this.#order.oldest; oldest !== undefined; oldest = this.#order.oldest) {
      if (oldest.lastUse > this.#usesAtSweep) break
      this.#dropOrKeep(oldest)
    }
    this.#usesAtSweep = usesAtSweep
    if (this.#entries.size > 0) this.#sweep.set(this.#idleMs, { ref: false })
  }

  #dropOrKeep(entry: PoolEntry | undefined): void {
    if (entry === undefined) return
    if (entry.holds > 0) this.#use(entry.key)
    else void this.#drop(entry)
  }

  /** Never rejects. */
  #drop(entry: PoolEntry): Promise<unknown> {
    this.#entries.delete(entry.key)
    this.#order.remove(entry)
    const closing: Promise<unknown> = entry.watcher
      .close()
      .catch(() => undefined)
      .finally(() => this.#closings.delete(closing))
    this.#closings.add(closing)
    return closing
  }

  /** The entry is in use until `work` has ended. */
  #hold(entry: PoolEntry, work: Promise<unknown>): void {
    entry.holds++
    const release = () => void entry.holds--
    work.then(release, release)
  }

  async #close(): Promise<void> {
    this.#sweep.cancel()
    for (const entry of [...this.#entries.values()]) void this.#drop(entry)
    await Promise.all(this.#closings)
  }
}

function assertKey(key: unknown): void {
  // an empty one is most often a missing one: everybody without a name would share a token
  if (typeof key !== "string" || key === "") throw new TypeError("key must be a string, and not empty")
}
