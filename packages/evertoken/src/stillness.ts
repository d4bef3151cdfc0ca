import type { Clock } from "./clock.js"

const LONGEST_STEP_MS = 1_000

/**
 * For how long an observer has seen the same. Only what it watched counts: a longer step between two looks (this
 * process was stopped, the machine slept) counts as one second.
 */
export class Stillness {
  readonly #clock: Clock
  #seen: string | undefined
  #lookedAt = 0
  #stillMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Notes what was seen just now; the time that it has been the same, in milliseconds. */
  note(seen: string): number {
    const now = this.#clock.monotonic()
    this.#stillMs = seen === this.#seen ? this.#stillMs + Math.min(now - this.#lookedAt, LONGEST_STEP_MS) : 0
    this.#seen = seen
    this.#lookedAt = now
    return this.#stillMs
  }
}
