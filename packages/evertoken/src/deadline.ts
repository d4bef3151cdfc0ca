import type { Clock } from "./clock.js"

/** A moment on both clocks: it has come as soon as the wall *or* the monotonic clock says so. */
export class Deadline {
  readonly #clock: Clock
  readonly #wall: number
  readonly #monotonic: number

  constructor(clock: Clock, inMs: number) {
    this.#clock = clock
    this.#wall = clock.now() + inMs
    this.#monotonic = clock.monotonic() + inMs
  }

  /** In milliseconds; zero or less once it has come. */
  remainingMs(): number {
    return Math.min(this.#wall - this.#clock.now(), this.#monotonic - this.#clock.monotonic())
  }
}
