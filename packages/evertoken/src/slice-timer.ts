import type { Clock, Timer } from "./clock.js"
import { publish } from "./events.js"

// timers stand still while a laptop sleeps, and setTimeout overflows at 24.8 days
const LONGEST_SLICE_MS = 30_000
// clocks that are kept right are moved by less
const SMALLEST_STEP_MS = 1_000

/** A timer that may be set again and again, for any time. */
export interface ResettableTimer {
  /** Replaces what was set before. `ref: false` does not keep the process alive. */
  set(inMs: number, options: { readonly ref: boolean }): void
  cancel(): void
}

/**
 * One timer that may be set again and again, for any time. It calls `onWake` when the time is over, and at least every
 * 30 s of wall time: whoever waits looks at the clocks again. Tells of a wall clock that was set.
 */
export class SliceTimer implements ResettableTimer {
  readonly #clock: Clock
  readonly #onWake: () => void
  #timer: Timer | undefined
  #wall: number
  #monotonic: number

  constructor(clock: Clock, onWake: () => void) {
    this.#clock = clock
    this.#onWake = onWake
    this.#wall = clock.now()
    this.#monotonic = clock.monotonic()
  }

  set(inMs: number, options: { readonly ref: boolean }): void {
    this.cancel()
    this.#lookAtClocks()
    const sliceMs = Math.max(1, Math.min(Math.ceil(inMs), LONGEST_SLICE_MS))
    this.#timer = this.#clock.setTimer(() => this.#wake(), sliceMs, options)
  }

  cancel(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #wake(): void {
    this.#timer = undefined
    this.#lookAtClocks()
    this.#onWake()
  }

  #lookAtClocks(): void {
    const [wall, monotonic] = [this.#clock.now(), this.#clock.monotonic()]
    const byMs = Math.round(wall - this.#wall - (monotonic - this.#monotonic))
    this.#wall = wall
    this.#monotonic = monotonic
    if (Math.abs(byMs) >= SMALLEST_STEP_MS) publish("clock-stepped", { byMs })
  }
}
