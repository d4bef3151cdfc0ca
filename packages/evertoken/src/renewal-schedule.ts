import type { Clock } from "./clock.js"
import type { JitterSource } from "./jitter.js"
import type { Random } from "./random.js"
import type { HeldToken } from "./token-lifetime.js"
import { sameVersion, type Token } from "./token.js"

export interface RenewalScheduleOptions {
  readonly clock: Clock
  readonly random: Random
  readonly jitter: JitterSource
  readonly minimumIntervalMs: number
  readonly minimumValidityMs: number
}

// tokens rejected one after the other are renewed ever more slowly, even if minimumIntervalMs is zero
const SHORTEST_REPEATED_REJECTION_MS = 1_000

/**
 * When the token at hand is to be renewed, as long as nothing fails: at a moment drawn once per token from the time
 * before it becomes stale, and never sooner than `minimumIntervalMs` (or a quarter of its lifetime) after it was
 * issued. A rejected token is due as soon as that allows; if its successors are rejected too, each waits twice as long.
 */
export class RenewalSchedule {
  readonly #options: RenewalScheduleOptions
  #held: HeldToken | undefined
  #earlyMs = 0
  // on the monotonic clock: a wall clock that is set back must not stop renewal for that long
  #notBefore = 0
  #heldSince = 0
  #isRejected = false
  #rejections = 0

  constructor(options: RenewalScheduleOptions) {
    this.#options = options
  }

  /** Whether the token at hand was rejected, and nothing has replaced it yet. */
  get isRejected(): boolean {
    return this.#isRejected
  }

  /** Another token, or other times of the same one. `asked`: it came because a newer one was asked for. */
  follow(held: HeldToken, { asked }: { readonly asked: boolean }): void {
    const before = this.#held?.token
    const { token } = held
    const isSameToken = before?.accessToken === token.accessToken
    this.#held = held
    this.#heldSince = this.#options.clock.monotonic()
    this.#notBefore = this.#heldSince + this.#restMs(held, asked)
    if (!isSameToken) {
      if (!this.#isRejected) this.#rejections = 0
      this.#isRejected = false
    }
    if (!isSameToken || !sameVersion(before.version, token.version)) this.#earlyMs = this.#drawEarlyMs(token)
  }

  /** The API did not accept the token at hand. Once for each token. */
  reject(): void {
    if (this.#isRejected) return
    this.#isRejected = true
    this.#rejections++
  }

  /** There is no token any more. */
  forget(): void {
    this.#held = undefined
    this.#isRejected = false
  }

  /** In milliseconds; zero or less: the renewal is due. */
  untilDueMs(): number {
    if (this.#held === undefined) return 0
    const { clock } = this.#options
    const { token } = this.#held
    const restMs = this.#notBefore - clock.monotonic()
    const regularMs = Math.max(this.#held.untilStaleMs() - (token.staleAt - this.#momentOf(token)), restMs)
    if (!this.#isRejected) return regularMs
    return Math.min(regularMs, Math.max(restMs, this.#heldSince + this.#penaltyMs(token) - clock.monotonic()))
  }

  #restMs(held: HeldToken, asked: boolean): number {
    const { clock, minimumIntervalMs } = this.#options
    const { issuedAt } = held.token
    const intervalMs = this.#intervalMs(held.token)
    const sinceIssuedMs = Math.min(Math.max(0, issuedAt + intervalMs - clock.now()), intervalMs)
    // a source may answer with tokens of old: each different, each due at once
    return asked ? Math.max(sinceIssuedMs, Math.min(minimumIntervalMs, held.leftMs() / 4)) : sinceIssuedMs
  }

  #intervalMs({ issuedAt, expiresAt }: Token): number {
    return Math.max(0, Math.min(this.#options.minimumIntervalMs, (expiresAt - issuedAt) / 4))
  }

  #penaltyMs(token: Token): number {
    if (this.#rejections < 2) return 0
    return Math.max(this.#intervalMs(token), SHORTEST_REPEATED_REJECTION_MS) * 2 ** (this.#rejections - 1)
  }

  #drawEarlyMs(token: Token): number {
    const { jitter, random } = this.#options
    const drawn = jitter.earlyMs(token, random)
    return drawn > 0 ? drawn : 0
  }

  // never in the first half of its fresh time
  #momentOf(token: Token): number {
    const latest = Math.min(this.#staleAt(token), this.#refreshTokenMoment(token))
    return latest - Math.min(this.#earlyMs, Math.max(0, latest - token.issuedAt) / 2)
  }

  #staleAt({ issuedAt, staleAt, expiresAt }: Token): number {
    const earliest = issuedAt + (expiresAt - issuedAt) / 2
    return Math.min(staleAt, Math.max(earliest, expiresAt - this.#options.minimumValidityMs))
  }

  // as much ahead of its end as an access token would be renewed; one that has ended is of no use any more
  #refreshTokenMoment({ issuedAt, refreshTokenExpiresAt }: Token): number {
    if (refreshTokenExpiresAt === undefined || refreshTokenExpiresAt <= this.#options.clock.now()) return Infinity
    const lifetimeMs = refreshTokenExpiresAt - issuedAt
    return refreshTokenExpiresAt - Math.max(lifetimeMs / 4, Math.min(30_000, lifetimeMs / 2))
  }
}
