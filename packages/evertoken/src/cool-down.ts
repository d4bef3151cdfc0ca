import type { Clock } from "./clock.js"
import type { ErrorBackoff } from "./error-backoff.js"
import type { TokenError } from "./errors.js"
import type { HeldToken } from "./token-lifetime.js"
import type { Random } from "./random.js"

const CONFIGURATION_RETRY_MS = 60_000
// timers fire up to a millisecond early, and the caller's may be set from the same moment
const TIMER_SLACK_MS = 5

/**
 * The time after a failure in which nobody asks the issuer: who comes meanwhile gets the failure again. One for all
 * callers of a source, so that neither a loop nor a crowd of callers hammers an issuer that is down or said 429.
 */
export class CoolDown {
  readonly #clock: Clock
  readonly #random: Random
  readonly #backoff: ErrorBackoff
  #attempt = 0
  #until = 0
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

  /** Notes a failure. @returns it, with the time until the next attempt as its `retryAfterMs`. */
  begin(
    failure: TokenError,
    held: HeldToken | undefined,
    { atLeastMs = 0 }: { readonly atLeastMs?: number } = {},
  ): TokenError {
    this.#attempt++
    const delayMs = Math.max(atLeastMs, failure.transient ? this.#drawMs(failure, held) : CONFIGURATION_RETRY_MS)
    this.#until = this.#clock.monotonic() + delayMs
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
    const remainingMs = this.#until - this.#clock.monotonic()
    return this.#failure !== undefined && remainingMs > TIMER_SLACK_MS ? remainingMs : 0
  }

  end(): void {
    this.#attempt = 0
    this.#failure = undefined
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
