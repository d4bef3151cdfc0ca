import type { Clock } from "./clock.js"
import { Deadline } from "./deadline.js"
import type { JitterSource } from "./jitter.js"
import type { Random } from "./random.js"
import { leadOf, staleAtFor, type HeldToken } from "./token-lifetime.js"
import { sameVersion, type Token } from "./token.js"

export interface RenewalScheduleOptions {
  readonly clock: Clock
  readonly random: Random
  readonly jitter: JitterSource
  readonly minimumIntervalMs: number
  readonly minimumValidityMs: number
}

interface Followed {
  readonly held: HeldToken
  /** It is not renewed before this. */
  readonly rest: Deadline
  /** If it is rejected, it is not renewed before this either. */
  readonly penalty: Deadline
  readonly earlyMs: number
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
  #followed: Followed | undefined
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
    const { clock } = this.#options
    const { token } = held
    const before = this.#followed
    const isSameToken = before?.held.token.accessToken === token.accessToken
    if (!isSameToken) {
      if (!this.#isRejected) this.#rejections = 0
      this.#isRejected = false
    }
    const penalty = isSameToken ? before.penalty : new Deadline(clock, this.#penaltyMs(token))
    const rest = new Deadline(clock, this.#restMs(held, asked))
    // a jitter source that throws must not leave the token before in its place
    this.#followed = { held, rest, penalty, earlyMs: 0 }
    const isSameRecord = isSameToken && sameVersion(before.held.token.version, token.version)
    this.#followed = { held, rest, penalty, earlyMs: isSameRecord ? before.earlyMs : this.#drawEarlyMs(token) }
  }

  /** The API did not accept the token at hand. Once for each token. */
  reject(): void {
    if (this.#isRejected) return
    this.#isRejected = true
    this.#rejections++
  }

  /** There is no token any more. */
  forget(): void {
    this.#followed = undefined
    this.#isRejected = false
  }

  /** In milliseconds; zero or less: the renewal is due. */
  untilDueMs(): number {
    if (this.#followed === undefined) return 0
    const { held, rest, penalty } = this.#followed
    const { staleAt } = held.token
    const restMs = rest.remainingMs()
    const regularMs = Math.max(held.untilStaleMs() - (staleAt - this.#momentOf(this.#followed)), restMs)
    return this.#isRejected ? Math.min(regularMs, Math.max(restMs, penalty.remainingMs())) : regularMs
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
    if (this.#rejections === 0) return 0
    return Math.max(this.#intervalMs(token), SHORTEST_REPEATED_REJECTION_MS) * 2 ** this.#rejections
  }

  #drawEarlyMs(token: Token): number {
    const { jitter, random } = this.#options
    const drawn = jitter.earlyMs(token, random)
    return drawn > 0 ? drawn : 0
  }

  // never in the first half of its fresh time
  #momentOf({ held: { token }, earlyMs }: Followed): number {
    const staleAt = staleAtFor(token, this.#options.minimumValidityMs)
    const latest = Math.min(staleAt, this.#refreshTokenMoment(token))
    return latest - Math.min(earlyMs, Math.max(0, latest - token.issuedAt) / 2)
  }

  // as much ahead of its end as an access token would be renewed; one that has ended is of no use any more
  #refreshTokenMoment({ issuedAt, refreshTokenExpiresAt }: Token): number {
    if (refreshTokenExpiresAt === undefined || refreshTokenExpiresAt <= this.#options.clock.now()) return Infinity
    return refreshTokenExpiresAt - leadOf(refreshTokenExpiresAt - issuedAt)
  }
}
