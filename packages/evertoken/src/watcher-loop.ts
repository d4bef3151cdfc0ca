import { defer, NEVER, type Subscription } from "rxjs"
import { Deadline } from "./deadline.js"
import type { TokenError } from "./errors.js"
import { reauthenticationRequired, unchanged } from "./renewal-errors.js"
import { WatcherReport } from "./watcher-report.js"
import type { ResettableTimer } from "./slice-timer.js"
import { TokenPublication, type HeldPlace } from "./token-publication.js"
import type { TokenRequest, TokenSource } from "./token-source.js"
import type { Token } from "./token.js"
import { WatchedToken } from "./watched-token.js"
import { WatcherAttempt, type AttemptResult } from "./watcher-attempt.js"
import type { WatcherSettings } from "./watcher-options.js"
import { WatcherStateFeed } from "./watcher-state.js"

// how often to look whether somebody has signed in again; the source asks nobody for it
const STORE_CHECK_MS = 60_000

/**
 * Asks the source when a renewal is due, when a caller needs one, and when somebody else has written; shows the state.
 * It reacts to answers, changes, callers and the clock, one at a time. Nothing it does rejects unseen.
 */
export class WatcherLoop {
  readonly publication: TokenPublication
  readonly feed = new WatcherStateFeed()
  readonly #source: TokenSource
  readonly #settings: WatcherSettings
  readonly #token: WatchedToken
  readonly #report: WatcherReport
  readonly #timer: ResettableTimer
  readonly #renewal: WatcherAttempt
  readonly #look: WatcherAttempt
  readonly #listeners = new Set<(outcome: AttemptResult) => void>()
  #phase: "idle" | "running" | "stopped" = "idle"
  #nextLook: Deadline | undefined
  #hasChanged = false
  #looksAgain = false
  #isSigningOut = false
  #signOut: Promise<void> | undefined
  #changes: Subscription | undefined

  constructor(source: TokenSource, settings: WatcherSettings, place?: HeldPlace) {
    this.publication = new TokenPublication(() => this.wake(), place)
    this.#source = source
    this.#settings = settings
    this.#token = new WatchedToken(settings, this.publication)
    this.#report = new WatcherReport(source, settings.clock)
    this.#timer = settings.createTimer(() => this.#proceed())
    this.#renewal = new WatcherAttempt(source, settings, (result, need) => this.#onAnswer(result, need?.newerThan))
    this.#look = new WatcherAttempt(source, settings, (result) => this.#onLook(result))
    this.#showState()
  }

  /** Whether there may yet come a first token by itself. */
  get isStarting(): boolean {
    return this.#token.isStarting
  }

  get lastError(): TokenError | undefined {
    return this.#token.setbacks.lastError
  }

  /** Whether this process has signed out, or another one as far as the source tells, and nobody has signed in since. */
  get signedOut(): boolean {
    return this.#token.setbacks.standing === "signed-out" || this.#source.signedOut === true
  }

  /** Begins, if nothing has begun yet; begins a renewal that is due, if its timer is late. */
  wake(): void {
    if (this.#phase === "idle") {
      this.#phase = "running"
      // without news of changes the schedule still holds
      const changes = defer(() => this.#source.changes?.() ?? NEVER)
      this.#changes = changes.subscribe({ next: () => this.#onChange(), error: () => undefined })
    }
    if (this.#untilRenewalMs() <= 0) this.#proceed()
  }

  /** Joins the renewal under way, or begins one whatever stands against it. */
  renew(): Promise<AttemptResult> {
    return this.#isSigningOut ? this.#refused() : this.#begin(undefined, { insist: true })
  }

  /** Joins the renewal under way, or begins one if nothing stands against it; else tells what does. */
  seek(newerThan: Token | undefined): Promise<AttemptResult> {
    if (this.#renewal.outcome === undefined && this.#token.refusal() !== undefined) {
      // a look under way may find that somebody has signed in again
      return this.#watchesStoreOnly || this.#look.outcome ? this.#lookInStore() : this.#refused()
    }
    return this.#begin(newerThan)
  }

  /** An API did not accept this token. No-op unless it is the one at hand. */
  reject(token: Token): void {
    this.#token.reject(token)
    this.#proceed()
  }

  /** Calls `listener` after each renewal; as long as anyone listens, the process is kept alive. */
  listen(listener: (outcome: AttemptResult) => void): () => void {
    this.#listeners.add(listener)
    this.#setTimer()
    return () => {
      this.#listeners.delete(listener)
      this.#setTimer()
    }
  }

  /** Stops serving at once, and signs out at the source. */
  signOut(): Promise<void> {
    this.#isSigningOut = true
    const error = reauthenticationRequired("signed out")
    this.#token.signOut(error)
    this.#abandon(error)
    this.#proceed()
    this.#signOut ??= this.#signOutAtSource()
    return this.#signOut
  }

  stop(error: TokenError): void {
    this.#phase = "stopped"
    this.#timer.cancel()
    this.#changes?.unsubscribe()
    this.#abandon(error)
    this.publication.complete()
    const { attempts, lastError } = this.#token.setbacks
    this.feed.complete({ status: "closed", isRenewing: false, attempts, lastError })
  }

  #begin(
    newerThan = this.publication.held?.token,
    { insist }: Pick<TokenRequest, "insist"> = {},
  ): Promise<AttemptResult> {
    if (this.#phase === "stopped") return this.#refused()
    const running = this.#renewal.outcome
    if (running !== undefined) return running
    this.#report.begin()
    const { minimumValidityMs } = this.#settings
    const outcome = this.#renewal.run({ newerThan, insist, minimumValidityMs })
    this.#proceed()
    return outcome
  }

  #onAnswer(result: AttemptResult, newerThan: Token | undefined): AttemptResult {
    let outcome = result
    try {
      outcome = "token" in result ? this.#token.take(result.token, newerThan) : this.#token.fail(result.error)
      if ("error" in outcome) this.#report.failed(outcome.error, this.#token.setbacks)
      else if (outcome.token.accessToken !== newerThan?.accessToken) this.#report.renewed(outcome.token)
    } finally {
      // is the access token still good, or did somebody sign out?
      if ("error" in outcome && this.#watchesStoreOnly) void this.#lookInStore()
      this.#proceed()
      this.#tellListeners(outcome)
      if (this.#hasChanged) this.#onChange()
    }
    return outcome
  }

  #onChange(): void {
    this.#hasChanged = this.#renewal.outcome !== undefined || this.#look.outcome !== undefined
    if (this.#hasChanged || this.#phase !== "running" || this.#isSigningOut) return
    if (this.#token.isValid || this.#watchesStoreOnly || this.signedOut) {
      void this.#lookInStore()
      return
    }
    // to look would be to ask the issuer
    this.#token.setbacks.hasten()
    this.#proceed()
  }

  get #watchesStoreOnly(): boolean {
    return this.#token.setbacks.standing === "reauthentication-required" && this.#source.changes !== undefined
  }

  #lookInStore(): Promise<AttemptResult> {
    this.#nextLook = new Deadline(this.#settings.clock, STORE_CHECK_MS)
    return this.#look.run()
  }

  #onLook(result: AttemptResult): AttemptResult {
    try {
      if ("token" in result) this.#token.takeFromStore(result.token)
      else if (this.#tellsSignOut(result.error)) this.#token.signedOutElsewhere(result.error)
    } finally {
      this.#proceed()
      // once: a source that tells of its own answers would be asked for ever
      this.#looksAgain = this.#hasChanged && !this.#looksAgain
      if (this.#looksAgain) this.#onChange()
    }
    const error = this.#token.refusal()
    return error === undefined ? result : { error }
  }

  /** A refused grant is no sign-out. A source that does not tell gives a token that is valid as long as nobody signs out. */
  #tellsSignOut({ code }: TokenError): boolean {
    return this.#source.signedOut ?? (code === "ERR_REAUTHENTICATION_REQUIRED" && this.#token.isValid)
  }

  async #signOutAtSource(): Promise<void> {
    try {
      await this.#source.signOut?.()
    } finally {
      this.#isSigningOut = false
      this.#signOut = undefined
    }
  }

  #abandon(error: TokenError): void {
    this.#renewal.abandon(error)
    this.#look.abandon(error)
    this.#tellListeners({ error })
  }

  #tellListeners(outcome: AttemptResult): void {
    for (const listener of [...this.#listeners]) listener(outcome)
  }

  #refused(): Promise<AttemptResult> {
    return Promise.resolve({ error: this.#token.refusal() ?? unchanged() })
  }

  /** Does what is due, sets the timer for what comes next, and tells how things are. */
  #proceed(): void {
    const renewalMs = this.#untilRenewalMs()
    if (renewalMs <= 0) {
      void this.#begin()
      return
    }
    if (this.#phase === "running" && this.#watchesStoreOnly && this.#untilLookMs() <= 0) void this.#lookInStore()
    this.#setTimer(renewalMs)
    this.#showState(renewalMs)
  }

  /** In milliseconds; `Infinity` while one is under way, before the first is wanted, and if there is to be none. */
  #untilRenewalMs(): number {
    return this.#phase === "running" && this.#renewal.outcome === undefined ? this.#token.untilRenewalMs() : Infinity
  }

  #setTimer(renewalMs = this.#untilRenewalMs()): void {
    if (this.#phase !== "running") return
    const lookMs = this.#watchesStoreOnly ? this.#untilLookMs() : Infinity
    const inMs = Math.min(renewalMs, lookMs, this.#token.untilNextStatusMs())
    this.#timer.set(inMs, { ref: this.#listeners.size > 0 })
  }

  #untilLookMs(): number {
    return this.#nextLook?.remainingMs() ?? 0
  }

  #showState(renewalMs = Infinity): void {
    const { attempts, lastError } = this.#token.setbacks
    const isRenewing = this.#renewal.outcome !== undefined
    const nextRenewalAt = renewalMs < Infinity ? Math.round(this.#settings.clock.now() + renewalMs) : undefined
    this.feed.show({ status: this.#token.status, isRenewing, nextRenewalAt, attempts, lastError })
  }
}
