import type { Clock } from "./clock.js"
import { Deadline } from "./deadline.js"
import type { ErrorBackoff } from "./error-backoff.js"
import type { TokenError } from "./errors.js"
import type { HeldToken } from "./token-lifetime.js"
import type { Random } from "./random.js"

const CONFIGURATION_RETRY_MS = 60_000
// timers fire up to a millisecond early, and the caller's may be set from the same moment
const TIMER_SLACK_MS = 5

/**
 * The time after a failure in which nobody asks the issuer: who comes meanwhile gets the failure again. One for all
 * callers of a source, so that neither a loop nor a crowd of callers hammers an issuer that is down or said 429. It is
 * over as soon as the wall or the monotonic clock says so: a machine that slept has waited.
 */
export class CoolDown {
  readonly #clock: Clock
  readonly #random: Random
  readonly #backoff: ErrorBackoff
  #attempt = 0
  #pause: Deadline | undefined
  /** The part of the pause that the issuer asked for. */
  #asked: Deadline | undefined
  /** What may be under way yet is not sent again before this, whatever the wall clock says. */
  #resendableAt = 0
  #failure: TokenError | undefined

  constructor({
    clock,
    random,
    backoff,
  }: {
    readonly clock: Clock
    readonly random: Random
    readonly backoff: ErrorBackoff
  }) {
    this.#clock = clock
    this.#random = random
    this.#backoff = backoff
  }

  /** Failures since the last success. */
  get attempt(): number {
    return this.#attempt
  }

  /**
   * Notes a failure; `atLeastMs`: what was sent may be under way for so long yet.
   * @returns it, with the time until the next attempt as its `retryAfterMs`.
   */
  begin(
    failure: TokenError,
    held: HeldToken | undefined,
    { atLeastMs = 0 }: { readonly atLeastMs?: number } = {},
  ): TokenError {
    this.#attempt++
    const delayMs = Math.max(atLeastMs, failure.transient ? this.#drawMs(failure, held) : CONFIGURATION_RETRY_MS)
    this.#pause = new Deadline(this.#clock, delayMs)
    this.#asked = new Deadline(this.#clock, Math.min(delayMs, failure.retryAfterMs ?? 0))
    this.#resendableAt = this.#clock.monotonic() + atLeastMs
    this.#failure = failure
    return failure.retryingAfter(delayMs)
  }

  /** The failure that still stands; undefined: the issuer may be asked. */
  standing(): TokenError | undefined {
    const remainingMs = this.remainingMs()
    return remainingMs > 0 ? this.#failure?.retryingAfter(remainingMs) : undefined
  }

  /** In milliseconds; zero if it is over. */
  remainingMs(): number {
    if (this.#pause === undefined) return 0
    const remainingMs = Math.max(this.#pause.remainingMs(), this.#resendableAt - this.#clock.monotonic())
    return remainingMs > TIMER_SLACK_MS ? remainingMs : 0
  }

  /** Somebody will not wait: what is left of the pause is what the issuer asked for. */
  insist(): void {
    this.#pause = this.#asked
  }

  end(): void {
    this.#attempt = 0
    this.#failure = undefined
    this.#pause = undefined
    this.#asked = undefined
  }

  #drawMs(failure: TokenError, held: HeldToken | undefined): number {
    const { retryAfterMs } = failure
    const failed = {
      attempt: this.#attempt,
      leftMs: held?.leftMs() ?? 0,
      lifetimeMs: held?.lifetimeMs ?? 0,
      retryAfterMs,
    }
    return this.#backoff.delayMs(failed, this.#random)
  }
}
