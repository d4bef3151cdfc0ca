import type { TokenError } from "./errors.js"
import { unchanged } from "./renewal-errors.js"
import { RenewalSchedule } from "./renewal-schedule.js"
import { RenewalSetbacks } from "./renewal-setbacks.js"
import { HeldToken } from "./token-lifetime.js"
import type { TokenPublication } from "./token-publication.js"
import { sameVersion, type Token } from "./token.js"
import type { AttemptResult } from "./watcher-attempt.js"
import type { WatcherSettings } from "./watcher-options.js"
import type { WatcherStatus } from "./watcher-state.js"

const SHORTEST_REST_MS = 250

/** The token of a watcher, and what each answer of its source means for it. Asks nobody, and sets no timer. */
export class WatchedToken {
  readonly publication: TokenPublication
  readonly setbacks: RenewalSetbacks
  readonly #settings: WatcherSettings
  readonly #schedule: RenewalSchedule
  #hasServed = false

  constructor(settings: WatcherSettings, publication: TokenPublication) {
    this.publication = publication
    this.setbacks = new RenewalSetbacks(settings)
    this.#settings = settings
    this.#schedule = new RenewalSchedule(settings)
  }

  /** Whether there may yet come a first token by itself. */
  get isStarting(): boolean {
    const { standing } = this.setbacks
    return !this.#hasServed && (standing === "well" || standing === "failing")
  }

  get isValid(): boolean {
    const { held } = this.publication
    return held !== undefined && !held.isExpired()
  }

  get status(): WatcherStatus {
    const { standing } = this.setbacks
    if (standing !== "well" && standing !== "failing") return standing
    return this.publication.held?.status() ?? (this.#hasServed ? "expired" : "starting")
  }

  /** In milliseconds; zero or less: now; `Infinity`: not by itself. */
  untilRenewalMs(): number {
    return Math.max(this.#schedule.untilDueMs(), this.setbacks.remainingMs())
  }

  /** Until the token at hand becomes stale, or expires, whichever comes next, in milliseconds. */
  untilNextStatusMs(): number {
    const { held } = this.publication
    if (held === undefined) return Infinity
    return Math.min(unlessPast(held.untilStaleMs()), unlessPast(held.leftMs()))
  }

  /** What stands against an attempt that a caller wants now. */
  refusal(): TokenError | undefined {
    const refusal = this.setbacks.refusal()
    if (refusal !== undefined || !this.#schedule.isRejected) return refusal
    const untilDueMs = this.#schedule.untilDueMs()
    return untilDueMs > 0 ? unchanged().retryingAfter(untilDueMs) : undefined
  }

  /** What the source gave when it was asked for a token newer than this one. */
  take(token: Token, newerThan: Token | undefined): AttemptResult {
    const before = this.publication.held?.token
    const isOvertaken = before !== undefined && before.accessToken !== newerThan?.accessToken
    if (isOvertaken && this.#isOlder(token, before)) return { token: before }
    const isUnchanged = token.accessToken === newerThan?.accessToken
    if (!isUnchanged) this.setbacks.clear()
    this.#replace(token, { asked: newerThan !== undefined })
    return isUnchanged ? this.fail(unchanged()) : { token }
  }

  fail(error: TokenError): AttemptResult {
    const { held } = this.publication
    if (error.code === "ERR_TOKEN_UNCHANGED" && held !== undefined && this.isValid && !this.#schedule.isRejected) {
      this.#rest(held)
      return { token: held.token }
    }
    this.setbacks.note(error, held)
    return { error }
  }

  /** What the source has at hand, perhaps written by another process. */
  takeFromStore(token: Token): void {
    const before = this.publication.held?.token
    if (before !== undefined && (isSameRecord(token, before) || this.#isOlder(token, before))) return
    const isRejected = this.#schedule.isRejected && before?.accessToken === token.accessToken
    if (!isRejected) this.setbacks.clear()
    this.#replace(token, { asked: false })
  }

  /** No-op unless it is the token at hand. */
  reject(token: Token): void {
    if (this.publication.held?.token.accessToken !== token.accessToken) return
    this.#schedule.reject()
    this.setbacks.endRest()
  }

  /** This process has signed out. */
  signOut(error: TokenError): void {
    this.setbacks.noteSignOut(error)
    this.#forget()
  }

  /** Another process has signed out. */
  signedOutElsewhere(error: TokenError): void {
    const { standing } = this.setbacks
    if (standing !== "reauthentication-required" && standing !== "signed-out") this.setbacks.note(error, undefined)
    this.#forget()
  }

  #isOlder(a: Token, b: Token): boolean {
    if (a.version !== undefined && b.version !== undefined) return a.version.generation < b.version.generation
    const isFromFuture = b.issuedAt > this.#settings.clock.now()
    return a.issuedAt < b.issuedAt && !isFromFuture
  }

  #forget(): void {
    this.#schedule.forget()
    this.publication.withdraw()
  }

  /** The token at hand is good, and the issuer has nothing newer yet: it is asked ever more often towards the end. */
  #rest(held: HeldToken): void {
    const leftMs = held.leftMs()
    this.setbacks.rest(Math.max(leftMs / 4, Math.min(this.#settings.minimumIntervalMs, leftMs / 2), SHORTEST_REST_MS))
  }

  #replace(token: Token, { asked }: { readonly asked: boolean }): void {
    const before = this.publication.held?.token
    if (before !== undefined && isSameRecord(token, before)) return
    this.#hasServed = true
    const held = new HeldToken(token, this.#settings.clock)
    try {
      this.#schedule.follow(held, { asked })
    } finally {
      this.publication.replace(held)
    }
  }
}

function unlessPast(inMs: number): number {
  return inMs > 0 ? inMs : Infinity
}

function isSameRecord(a: Token, b: Token): boolean {
  const sameTimes = a.staleAt === b.staleAt && a.expiresAt === b.expiresAt
  return sameTimes && a.accessToken === b.accessToken && sameVersion(a.version, b.version)
}
