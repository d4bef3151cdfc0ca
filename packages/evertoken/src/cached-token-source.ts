import { merge, Subject, type Observable } from "rxjs"
import { Authority } from "./authority.js"
import { setAwakeTimer } from "./awake-timer.js"
import { CacheStack } from "./cache-stack.js"
import { assertCachedTokenSourceOptions, type CachedTokenSourceOptions } from "./cached-token-source-options.js"
import { sleep, systemClock, type Clock, type Timer } from "./clock.js"
import { CoolDown } from "./cool-down.js"
import { ErrorBackoff } from "./error-backoff.js"
import { publish } from "./events.js"
import { sourceFailure } from "./foreign-error.js"
import { KnownToken } from "./known-token.js"
import { newsElsewhere } from "./news-elsewhere.js"
import { createRandom } from "./random.js"
import { sourceClosed, unchanged } from "./renewal-errors.js"
import { Renewal } from "./renewal.js"
import { patiently, SingleFlight } from "./single-flight.js"
import type { StoredToken } from "./token-cache.js"
import type { HeldToken } from "./token-lifetime.js"
import { satisfies } from "./token-need.js"
import { defaultKey, keyFingerprint } from "./token-key.js"
import type { TokenRequest, TokenSource } from "./token-source.js"
import { Token } from "./token.js"

export type { CachedTokenSourceOptions } from "./cached-token-source-options.js"

/**
 * A token source with caches before it, shared by all processes that share a durable one.
 *
 * - A fresh token costs no request and no I/O. A stale one is returned at once, and renewed behind the caller's back.
 * - Callers who need a newer token share one request, in this process and with all others on the same authority.
 * - If the source fails, an unexpired token is served; after a failure the source is left alone for the backoff's pause,
 *   and who needs a new token meanwhile gets the failure again, unless the request says `insist`.
 * - A refresh token that works once is durable before anyone uses what came with it.
 */
export class CachedTokenSource implements TokenSource {
  readonly fingerprint: string | undefined
  /** The name of the token in its caches. */
  readonly key: string
  readonly #source: TokenSource
  readonly #stack: CacheStack
  readonly #known: KnownToken
  readonly #authority: Authority
  readonly #coolDown: CoolDown
  readonly #renewal: Renewal
  readonly #clock: Clock
  readonly #flight = new SingleFlight<void>()
  readonly #news = new Subject<void>()
  readonly #newsElsewhere: Observable<void> | undefined
  #ready: { readonly held: HeldToken; readonly promise: Promise<Token> } | undefined
  #retry: Timer | undefined
  #closing: Promise<void> | undefined
  #signIns = 0
  /** The id of the mark of the last sign-out here, which is no news. */
  #ownMark: string | undefined

  /** @throws TypeError naming the option. */
  constructor(source: TokenSource, options: CachedTokenSourceOptions = {}) {
    assertCachedTokenSourceOptions(source, options)
    const { caches = [], clock = systemClock, random = createRandom(), storeTimeoutMs = 5_000 } = options
    const { requestTimeoutMs = 10_000, reuseLeewayMs = 0, backoff } = options
    this.fingerprint = source.fingerprint ?? keyFingerprint(options.key)
    this.key = options.key ?? defaultKey(source)
    this.#source = source
    this.#clock = clock
    this.#stack = new CacheStack({ caches, key: this.key, clock, storeTimeoutMs })
    this.#newsElsewhere = newsElsewhere(this.#stack, { look: () => this.#lookedUp(), until: this.#news })
    const { lineage, singleUse = false } = source
    const identity = { fingerprint: this.fingerprint, lineage, singleUse }
    this.#known = new KnownToken(clock, identity)
    this.#authority = new Authority({ stack: this.#stack, known: this.#known, clock })
    this.#coolDown = new CoolDown({ clock, random, backoff: new ErrorBackoff(backoff) })
    this.#renewal = new Renewal({
      source,
      identity,
      stack: this.#stack,
      known: this.#known,
      authority: this.#authority,
      coolDown: this.#coolDown,
      clock,
      random,
      requestTimeoutMs,
      claimTimeoutMs: options.claimTimeoutMs ?? 20_000,
      minimumIntervalMs: options.minimumIntervalMs ?? 10_000,
      safeReuseMs: reuseLeewayMs - requestTimeoutMs - 5_000,
    })
  }

  getToken(request?: TokenRequest): Promise<Token> {
    const { held } = this.#known
    if (request === undefined && held?.glance() === "fresh") return this.#readyPromise(held)
    return this.#serve(request ?? {})
  }

  /** The token at hand, if it is fresh. Never waits, and asks nobody. */
  atHand(): Token | undefined {
    const { held } = this.#known
    return held?.glance() === "fresh" ? held.token : undefined
  }

  #serve(request: TokenRequest): Promise<Token> {
    const { held } = this.#known
    if (request.signal?.aborted) return Promise.reject(request.signal.reason)
    if (request.insist) this.#coolDown.insist()
    if (held === undefined || !satisfies(held, request)) return patiently(this.#obtain(request), request.signal)
    if (held.status() === "stale") this.#renewBehind(held)
    return this.#readyPromise(held)
  }

  /** Whether its record is the mark of a sign-out, by this process or another, as far as this one has looked. */
  get signedOut(): boolean {
    const { record } = this.#known
    return record !== undefined && record.token === undefined
  }

  /** Emits after the token was replaced, or signed out, by this process or another. Completes when this is closed. */
  changes(): Observable<void> {
    return this.#newsElsewhere === undefined ? this.#news.asObservable() : merge(this.#news, this.#newsElsewhere)
  }

  /**
   * Signs in: `token`, which an interactive sign-in gave, replaces whatever is kept, and is kept alive from then on, by
   * its refresh token if the source renews with one. A renewal under way, here or in another process, is refused to write
   * over it. Durable when it resolves; other processes take it over. Hand each token over once: it begins a new lineage,
   * and its refresh token is soon spent. Safe to call concurrently: the last one written stays.
   * @throws TypeError unless `token` is a {@link Token}.
   * @throws TokenError `ERR_TOKEN_CACHE` if it could not be written in time, or `ERR_TOKEN_SOURCE_CLOSED`.
   */
  async signIn(token: Token): Promise<void> {
    if (!(token instanceof Token)) throw new TypeError("signIn takes a Token")
    if (this.#closing !== undefined) throw sourceClosed()
    await this.#authority.signIn(token)
    this.#signIns++
    this.#coolDown.end()
    this.#news.next()
  }

  /**
   * Signs out: at the source, if it keeps tokens itself, then in every cache. A renewal under way, here or in another
   * process, is refused to write its token.
   * @throws TokenError `ERR_TOKEN_CACHE` if the authority cannot be reached, or what the source failed with: then the
   *   token is still there.
   */
  async signOut(): Promise<void> {
    // the source first: whoever renewed in between would bring back what it has
    await this.#signOutAtSource()
    // what only this process knows, or an inner cache, would outlive the mark
    if (this.#known.record === undefined) await this.#find()
    await this.#authority.look()
    await this.#stack.delete()
    const mark = await this.#stack.read().catch(() => undefined)
    this.#ownMark = mark?.version.id
    this.#known.adopt(mark ?? this.#known.mark())
    this.#news.next()
  }

  /**
   * Ends background work. A request that was sent and works once is let finish and be written, for at most `timeoutMs`;
   * what then is unknown or unwritten is left to others as by a process that died.
   */
  close({ timeoutMs = 5_000 }: { readonly timeoutMs?: number | undefined } = {}): Promise<void> {
    this.#closing ??= this.#close(timeoutMs)
    return this.#closing
  }

  async #close(timeoutMs: number): Promise<void> {
    this.#renewal.close()
    this.#retry?.cancel()
    const patience = new AbortController()
    const timer = setAwakeTimer(this.#clock, () => patience.abort(sourceClosed()), timeoutMs)
    await patiently(this.#settled(patience.signal), patience.signal).catch(() => undefined)
    timer.cancel()
    await this.#renewal.abandon(this.#flight.running)
    this.#news.complete()
  }

  /** As {@link close}, at the end of the block that declares it by `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #signOutAtSource(): Promise<void> {
    try {
      await this.#source.signOut?.()
    } catch (error) {
      throw sourceFailure(error, { ambiguous: false })
    }
  }

  #readyPromise(held: HeldToken): Promise<Token> {
    if (this.#ready?.held !== held) this.#ready = { held, promise: Promise.resolve(held.token) }
    return this.#ready.promise
  }

  async #obtain(request: TokenRequest): Promise<Token> {
    for (let round = 1; round <= 2; round++) {
      const joined = this.#flight.running !== undefined
      try {
        await this.#fly(request)
      } catch (error) {
        return this.#orUnexpired(request, error)
      }
      const { held } = this.#known
      if (held !== undefined && satisfies(held, request)) return held.token
      if (!joined && held !== undefined && !held.isExpired()) break
    }
    return this.#orUnexpired(request, unchanged())
  }

  /** If no newer token is to be had, any that is still valid is the answer, unless it is the one to be replaced. */
  #orUnexpired({ newerThan }: TokenRequest, error: unknown): Token {
    const { held } = this.#known
    if (held === undefined || !satisfies(held, { newerThan })) throw error
    return held.token
  }

  #renewBehind(held: HeldToken): void {
    if (this.#closing !== undefined || this.#flight.running !== undefined || this.#coolDown.remainingMs() > 0) return
    this.#fly({ newerThan: held.token }).catch(() => undefined) // told as an event; the token at hand is still good
  }

  #fly(request: TokenRequest): Promise<void> {
    const before = this.#known.record
    return this.#flight.run(async () => {
      try {
        await this.#loadForLastSignIn(request)
      } finally {
        if (this.#known.record !== before) this.#news.next()
        this.#retryLater()
      }
    })
  }

  /** A failure of what a sign-in has replaced meanwhile is nobody's answer. */
  async #loadForLastSignIn(request: TokenRequest): Promise<void> {
    const signIns = this.#signIns
    try {
      await this.#load(request)
    } catch (error) {
      if (this.#signIns === signIns) throw error
      this.#coolDown.end()
      await this.#loadForLastSignIn(request)
    }
  }

  async #load(request: TokenRequest): Promise<void> {
    if (this.#known.held === undefined || this.#known.held.isExpired()) await this.#find()
    const { held } = this.#known
    const isPursued = this.#renewal.kept !== undefined
    if (isPursued || held === undefined || !satisfies(held, request)) await this.#renewal.run(request)
  }

  async #find(): Promise<void> {
    const found = await this.#stack.find((record) => this.#isServable(record))
    if (found === undefined || !this.#known.adopt(found.record)) return
    const { version, token } = found.record
    publish("adopted", {
      key: this.key,
      generation: version.generation,
      expiresAt: token?.expiresAt,
      cache: found.cache,
    })
    this.#coolDown.end()
  }

  #isServable(record: StoredToken): boolean {
    return record.token !== undefined && this.#known.isOwn(record) && this.#clock.now() < record.token.expiresAt
  }

  /** A claim that is kept blocks everybody else: its matter is pursued whether anyone asks or not. */
  #retryLater(): void {
    this.#retry?.cancel()
    const { kept } = this.#renewal
    if (kept === undefined || this.#closing !== undefined) return
    const delayMs = Math.max(this.#coolDown.remainingMs(), 1_000)
    const newerThan = kept === "outcome-unknown" ? this.#known.held?.token : undefined
    this.#retry = this.#clock.setTimer(() => void this.#fly({ newerThan }).catch(() => undefined), delayMs)
  }

  async #settled(signal: AbortSignal): Promise<void> {
    await this.#flight.running?.catch(() => undefined)
    while (this.#renewal.kept === "unwritten") {
      await this.#fly({}).catch(() => undefined)
      await sleep(this.#clock, 250, { signal })
    }
  }

  async #lookedUp(): Promise<boolean> {
    try {
      const isNews = await this.#authority.look()
      if (isNews) this.#coolDown.end()
      return isNews && this.#known.record?.version.id !== this.#ownMark
    } catch {
      return false // reported; the next change, or the next renewal, looks again
    }
  }
}
