import type { Clock } from "./clock.js"

const LONGEST_STEP_MS = 1_000

/**
 * For how long a waiter has seen the same claim. Only what it watched counts: a longer step between two looks (this
 * process was stopped, the machine slept) counts as one second.
 */
export class ClaimObservation {
  readonly #clock: Clock
  #seen = ""
  #lookedAt = 0
  #stoodStillMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Notes what was seen just now; the time that it has been the same, in milliseconds. */
  note(what: string, n: number): number {
    const seen = `${what}.${n}`
    const now = this.#clock.monotonic()
    this.#stoodStillMs = seen === this.#seen ? this.#stoodStillMs + Math.min(now - this.#lookedAt, LONGEST_STEP_MS) : 0
    this.#seen = seen
    this.#lookedAt = now
    return this.#stoodStillMs
  }
}
