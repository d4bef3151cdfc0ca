import type { Clock } from "./clock.js"
import { Deadline } from "./deadline.js"
import type { ErrorBackoff } from "./error-backoff.js"
import type { TokenError } from "./errors.js"
import type { Random } from "./random.js"
import { unchanged } from "./renewal-errors.js"
import type { HeldToken } from "./token-lifetime.js"

/**
 * What stands against renewal: nothing, a passing failure, a configuration that the issuer does not accept, a grant
 * that only a new sign-in can replace, or a sign-out.
 */
export type Standing = "well" | "failing" | "misconfigured" | "reauthentication-required" | "signed-out"

// an hour: a typing error at the issuer must not end renewal for good
const LONGEST_RETRY_AFTER_MS = 3_600_000
const CONFIGURATION_RETRY_MS = 60_000
const SHORTEST_HASTENED_MS = 1_000

/** The failures since the last success, and the pause that they call for. */
export class RenewalSetbacks {
  readonly #clock: Clock
  readonly #random: Random
  readonly #backoff: ErrorBackoff
  #standing: Standing = "well"
  #attempts = 0
  #lastError: TokenError | undefined
  #pause: Deadline | undefined
  #earliest: Deadline | undefined

  constructor(options: { readonly clock: Clock; readonly random: Random; readonly backoff: ErrorBackoff }) {
    this.#clock = options.clock
    this.#random = options.random
    this.#backoff = options.backoff
  }

  get standing(): Standing {
    return this.#standing
  }

  get attempts(): number {
    return this.#attempts
  }

  get lastError(): TokenError | undefined {
    return this.#lastError
  }

  note(error: TokenError, held: HeldToken | undefined): void {
    this.#attempts++
    this.#lastError = error
    this.#standing = standingAfter(error)
    this.#pause = new Deadline(this.#clock, this.#pauseMs(error, held))
    this.#earliest = new Deadline(this.#clock, SHORTEST_HASTENED_MS)
  }

  noteSignOut(error: TokenError): void {
    this.clear()
    this.#standing = "signed-out"
    this.#lastError = error
  }

  /** All is well, but the issuer has nothing newer yet. */
  rest(ms: number): void {
    this.clear()
    this.#pause = new Deadline(this.#clock, ms)
  }

  /** There is a reason not to wait out a {@link rest}. */
  endRest(): void {
    if (this.#standing === "well") this.#pause = undefined
  }

  /** There is a reason to try sooner than planned: in a second after the last failure. */
  hasten(): void {
    if (this.#earliest !== undefined && this.#earliest.remainingMs() < this.remainingMs()) this.#pause = this.#earliest
  }

  clear(): void {
    this.#standing = "well"
    this.#attempts = 0
    this.#lastError = undefined
    this.#pause = undefined
    this.#earliest = undefined
  }

  /** Until the next attempt may be made, in milliseconds; `Infinity`: none by itself. */
  remainingMs(): number {
    if (this.#standing === "reauthentication-required" || this.#standing === "signed-out") return Infinity
    return this.#pause?.remainingMs() ?? 0
  }

  /** What a caller is told who wants an attempt before its time; undefined: there may be one. */
  refusal(): TokenError | undefined {
    const remainingMs = this.remainingMs()
    if (remainingMs <= 0) return undefined
    const error = this.#lastError ?? unchanged()
    return remainingMs === Infinity ? error : error.retryingAfter(remainingMs)
  }

  #pauseMs(error: TokenError, held: HeldToken | undefined): number {
    if (!error.transient)
      return Math.min(Math.max(CONFIGURATION_RETRY_MS, error.retryAfterMs ?? 0), LONGEST_RETRY_AFTER_MS)
    const { retryAfterMs } = error
    const failed = {
      attempt: this.#attempts,
      leftMs: held?.leftMs() ?? 0,
      lifetimeMs: held?.lifetimeMs ?? 0,
      retryAfterMs,
    }
    return this.#backoff.delayMs(failed, this.#random)
  }
}

function standingAfter(error: TokenError): Standing {
  if (error.transient) return "failing"
  return error.code === "ERR_REAUTHENTICATION_REQUIRED" ? "reauthentication-required" : "misconfigured"
}
