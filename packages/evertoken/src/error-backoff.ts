import { assertMilliseconds, LONGEST_TIMER_MS } from "./milliseconds.js"
import { assertOptions, type OptionNames } from "./options-object.js"
import type { Random } from "./random.js"

/**
 * The pauses after failures: they grow exponentially, and each is drawn at random up to its length (full jitter), so
 * that a fleet does not come back at once.
 */
export interface ErrorBackoffOptions {
  /** The ceiling of the first delay, in milliseconds; doubled with each attempt. Default 1,000. */
  readonly initialMs?: number | undefined
  /** No delay is shorter, in milliseconds. Default 250. */
  readonly minimumMs?: number | undefined
  /** No delay is longer, but for a `Retry-After`, in milliseconds. Default 60,000. */
  readonly maximumMs?: number | undefined
}

const NAMES: OptionNames<ErrorBackoffOptions> = { initialMs: true, minimumMs: true, maximumMs: true }

/** Where a renewal stands after a failure. */
export interface FailedAttempt {
  /** 1 after the first failure. */
  readonly attempt: number
  /** How long the token at hand lasts yet, in milliseconds; zero or less: there is none. */
  readonly leftMs: number
  /** The whole lifetime of the token at hand, in milliseconds; zero without one. */
  readonly lifetimeMs: number
  /** What the issuer asked for. */
  readonly retryAfterMs?: number | undefined
}

// an issuer that asks for more is asked again after an hour: a typing error there must not end renewal for good
const LONGEST_RETRY_AFTER_MS = 3_600_000

/** Exponential backoff with full jitter (Marc Brooker, "Exponential Backoff And Jitter"), hurried by what is left of the token. */
export class ErrorBackoff {
  readonly #initialMs: number
  readonly #minimumMs: number
  readonly #maximumMs: number

  /** @throws TypeError naming the option, or `backoff` if these are no options. */
  constructor(options: ErrorBackoffOptions = {}) {
    assertObject(options)
    assertOptions("backoff", options, NAMES)
    const { initialMs = 1_000, minimumMs = 250, maximumMs = 60_000 } = options
    for (const [name, value] of Object.entries({ initialMs, minimumMs, maximumMs })) {
      assertMilliseconds(name, value, { least: 1, most: LONGEST_TIMER_MS })
    }
    if (minimumMs > maximumMs) {
      throw new TypeError(`minimumMs must be at most maximumMs, ${maximumMs}; got ${minimumMs}`)
    }
    this.#initialMs = initialMs
    this.#minimumMs = minimumMs
    this.#maximumMs = maximumMs
  }

  /** The time until the next attempt, in milliseconds. */
  delayMs(failed: FailedAttempt, random: Random): number {
    const exponential = this.#initialMs * 2 ** Math.min(failed.attempt - 1, 30)
    const ceiling = Math.min(exponential, this.#longestMs(failed.leftMs))
    const drawn = Math.max(this.#minimumMs, random() * ceiling)
    const asked = Math.min(failed.retryAfterMs ?? 0, LONGEST_RETRY_AFTER_MS)
    return asked > drawn ? this.#keepingLastChance(asked, failed) : drawn
  }

  #longestMs(leftMs: number): number {
    if (leftMs <= 0) return this.#maximumMs
    return Math.min(Math.max(leftMs / 4, 1_000), this.#maximumMs)
  }

  // an issuer that asks to wait beyond the token's end is still asked once shortly before it
  #keepingLastChance(askedMs: number, { leftMs, lifetimeMs }: FailedAttempt): number {
    const untilLastChance = leftMs - Math.min(5_000, lifetimeMs / 10)
    return untilLastChance >= this.#minimumMs ? Math.min(askedMs, untilLastChance) : askedMs
  }
}

function assertObject(options: unknown): void {
  if (typeof options === "object" && options !== null && !Array.isArray(options)) return
  throw new TypeError("backoff must be an object with initialMs, minimumMs or maximumMs")
}
