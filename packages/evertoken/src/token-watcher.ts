import type { Observable } from "rxjs"
import { TokenError } from "./errors.js"
import { firstToken } from "./first-token.js"
import { sourceClosed, unchanged } from "./renewal-errors.js"
import { patiently } from "./single-flight.js"
import { satisfies, type TokenNeed } from "./token-need.js"
import type { HeldToken } from "./token-lifetime.js"
import type { HeldPlace } from "./token-publication.js"
import type { TokenRequest, TokenSource } from "./token-source.js"
import type { Token } from "./token.js"
import type { AttemptResult } from "./watcher-attempt.js"
import { WatcherLoop } from "./watcher-loop.js"
import { assertWatchable, watcherSettings, type TokenWatcherOptions, type WatcherSettings } from "./watcher-options.js"
import type { WatcherState } from "./watcher-state.js"

// for a TokenPool, whose watchers share what they can
let createWatcher: (source: TokenSource, settings: WatcherSettings, place?: HeldPlace) => TokenWatcher

/**
 * Keeps the token of a source ready: it is renewed in the background, early, and the one at hand goes on being served
 * while renewals fail, until it really ends. Reading it costs nothing.
 *
 * - Renewal begins when the token becomes stale, or somewhat earlier by jitter. The moment is drawn once per token.
 * - A failure that can pass is followed by attempts with exponential backoff; a `Retry-After` is kept. A grant that was
 *   refused is not presented again: only the store is watched, if the source has one (`changes()`).
 * - Nothing that happens in the background rejects unseen or throws. Between renewals no timer keeps the process alive.
 *
 * A watcher is a token source itself. Close it when it is not needed any more, or declare it by `await using`.
 */
export class TokenWatcher implements TokenSource {
  readonly #source: TokenSource
  readonly #settings: WatcherSettings
  readonly #loop: WatcherLoop
  readonly #serveExpiredMs: number
  #closing: Promise<void> | undefined

  private constructor(source: TokenSource, settings: WatcherSettings, place?: HeldPlace) {
    assertWatchable(source)
    this.#source = source
    this.#settings = settings
    this.#loop = new WatcherLoop(source, settings, place)
    this.#serveExpiredMs = settings.serveExpiredMs
  }

  /**
   * Gets a first token, and from then on keeps it fresh. A stale token that the source has at hand is enough: it is
   * renewed behind. An issuer that is down is asked again, with backoff, for `startTimeoutMs`. With `lazy` it returns
   * at once, and the first read begins.
   * @throws TypeError naming the option. TokenError the last failure; one that cannot pass at once. Then the source is
   *   closed (unless `closeSource` is false), and nothing is left running.
   */
  static async start(source: TokenSource, options: TokenWatcherOptions = {}): Promise<TokenWatcher> {
    const watcher = createWatcher(source, watcherSettings(options))
    if (watcher.#settings.lazy) return watcher
    try {
      await watcher.#firstToken()
    } catch (error) {
      await watcher.close().catch(() => undefined) // what is told is why there is no token
      throw error
    }
    return watcher
  }

  /** What its source asks for. */
  get fingerprint(): string | undefined {
    return this.#source.fingerprint
  }

  /**
   * Each token once: the one at hand to each new subscriber, unless it has expired, then every newer one. Never errors;
   * completes on {@link close}. What a subscriber throws harms neither renewal nor other subscribers; rxjs reports it
   * (`config.onUnhandledError`, else an uncaught exception).
   */
  get token$(): Observable<Token> {
    return this.#loop.publication.token$
  }

  /** How it is doing: the state now to each new subscriber, then every other one. Completes on {@link close}. */
  get state$(): Observable<WatcherState> {
    return this.#loop.feed.state$
  }

  /** Emits when there is a newer token, or none any more. */
  changes(): Observable<void> {
    return this.#loop.publication.change$
  }

  /**
   * The token at hand. Never waits, asks nobody, and allocates nothing but the number that is the time (V8: 16 bytes).
   * @throws TokenError `ERR_TOKEN_EXPIRED` if there is none that is valid (plus `serveExpiredMs`), its cause the last
   *   failure; `ERR_REAUTHENTICATION_REQUIRED` after a sign-out; `ERR_TOKEN_SOURCE_CLOSED` after {@link close}.
   */
  current(): Token {
    const { held } = this.#loop.publication
    if (held !== undefined && (held.glance() !== "expired" || this.#isServedExpired(held))) return held.token
    throw this.#noToken()
  }

  /**
   * The token at hand, if it satisfies the request; that costs nothing. Else one renewal, which all callers share.
   *
   * `newerThan` the token at hand says that this one was rejected, as {@link invalidate} does. Without any token yet it
   * waits for the first one, for up to `startTimeoutMs`. Later it waits for one answer of the source; between attempts,
   * while failures are backed off, it rejects at once with the last failure and the time until the next attempt. If
   * there is no newer token, one that is still valid will do, unless it is the one to be replaced.
   * @throws TokenError; `signal.reason` when cancelled.
   */
  getToken(request?: TokenRequest): Promise<Token> {
    const { held, ready } = this.#loop.publication
    if (request === undefined && ready !== undefined && held?.glance() === "fresh") return ready
    return this.#obtain(request ?? {})
  }

  /** The token at hand, if it is fresh. Never waits, asks nobody, and never throws. */
  atHand(): Token | undefined {
    const { held } = this.#loop.publication
    return held?.glance() === "fresh" ? held.token : undefined
  }

  /**
   * Asks for a newer token at once, whatever was planned, and whatever failed before: for what a person does. The pause
   * of a `CachedTokenSource` after a failure is passed, too, but not a `Retry-After` of the issuer that it keeps.
   * @throws TokenError, `ERR_TOKEN_UNCHANGED` if the same one came back.
   */
  async refresh(): Promise<Token> {
    this.#throwIfClosed()
    const newerThan = this.#loop.publication.held?.token
    this.#loop.wake()
    const outcome = await this.#loop.renew()
    return this.#satisfying({ newerThan }) ?? this.#throwWhy(outcome)
  }

  /**
   * Says that an API has rejected this token. If it is the one at hand, it is renewed: once, however often it is
   * rejected, and not before `minimumIntervalMs` after it was issued. It goes on being served until it is replaced. If
   * its successors are rejected too, each is renewed later than the one before. The same token coming back is a failure.
   */
  invalidate(token: Token): void {
    this.#loop.reject(token)
  }

  /** Whether it was signed out, here or (as far as its source tells) elsewhere, and nobody has signed in since. */
  get signedOut(): boolean {
    return this.#loop.signedOut
  }

  /**
   * Signs out: from now on nothing is served, a renewal under way publishes nothing, and the source forgets the token
   * everywhere it is kept. A new sign-in that the source tells of, or {@link refresh}, begins again.
   * @throws TokenError if the source could not forget it: then it is still in its store, but not served here.
   */
  async signOut(): Promise<void> {
    this.#throwIfClosed()
    await this.#loop.signOut()
  }

  /**
   * Ends it: who waits is rejected with `ERR_TOKEN_SOURCE_CLOSED`, the streams complete, and the source is closed
   * unless `closeSource` is false: what is unsent or repeatable is aborted, a renewal that was sent and works once is
   * let finish, for up to `timeoutMs` (`closeTimeoutMs`). Idempotent.
   */
  close({ timeoutMs = this.#settings.closeTimeoutMs }: { readonly timeoutMs?: number } = {}): Promise<void> {
    if (this.#closing === undefined) {
      this.#closing = this.#closeSource(timeoutMs)
      this.#loop.stop(sourceClosed())
    }
    return this.#closing
  }

  /** As {@link close}, at the end of the block that declares it by `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #closeSource(timeoutMs: number): Promise<void> {
    if (this.#settings.closeSource) await this.#source.close?.({ timeoutMs })
  }

  async #obtain({ signal, newerThan, minimumValidityMs, insist }: TokenRequest): Promise<Token> {
    signal?.throwIfAborted()
    this.#throwIfClosed()
    this.#loop.wake()
    const need: TokenNeed = { newerThan, minimumValidityMs }
    const atHand = this.#satisfying(need)
    if (atHand !== undefined) return atHand
    if (insist) {
      await patiently(this.#loop.renew(), signal)
    } else if (this.#loop.isStarting) {
      await this.#firstToken(signal)
    } else if (newerThan !== undefined) {
      this.#loop.reject(newerThan)
    }
    return this.#satisfying(need) ?? this.#sought(need, signal)
  }

  async #sought(need: TokenNeed, signal: AbortSignal | undefined): Promise<Token> {
    let outcome = await patiently(this.#loop.seek(need.newerThan), signal)
    // what others had asked for before is perhaps not enough
    if ("token" in outcome && this.#satisfying(need) === undefined) {
      outcome = await patiently(this.#loop.seek(need.newerThan), signal)
    }
    return this.#satisfying(need) ?? this.#servable(need) ?? this.#throwWhy(outcome)
  }

  #firstToken(signal?: AbortSignal): Promise<void> {
    this.#loop.wake()
    return firstToken(this.#loop, { clock: this.#settings.clock, timeoutMs: this.#settings.startTimeoutMs, signal })
  }

  #satisfying(need: TokenNeed): Token | undefined {
    const { held } = this.#loop.publication
    return held !== undefined && satisfies(held, need) ? held.token : undefined
  }

  #servable({ newerThan }: TokenNeed): Token | undefined {
    const { held } = this.#loop.publication
    if (held === undefined || !this.#isServedExpired(held)) return undefined
    return held.token.accessToken === newerThan?.accessToken ? undefined : held.token
  }

  #isServedExpired(held: HeldToken): boolean {
    return held.leftMs() + this.#serveExpiredMs > 0
  }

  #throwWhy(outcome: AttemptResult): never {
    this.#throwIfClosed()
    throw "error" in outcome ? outcome.error : unchanged()
  }

  #throwIfClosed(): void {
    if (this.#closing !== undefined) throw sourceClosed()
  }

  #noToken(): TokenError {
    if (this.#closing !== undefined) return sourceClosed()
    this.#loop.wake()
    const { lastError: cause } = this.#loop
    if (this.#loop.publication.held === undefined && cause?.code === "ERR_REAUTHENTICATION_REQUIRED") return cause
    const why = this.#loop.isStarting ? "no token yet: await getToken()" : "there is no valid token at hand"
    return new TokenError("ERR_TOKEN_EXPIRED", why, { transient: cause?.transient ?? true, cause })
  }

  static {
    createWatcher = (source, settings, place) => new TokenWatcher(source, settings, place)
  }
}

export { createWatcher }
