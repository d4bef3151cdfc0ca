import { setImmediate as turn } from "node:timers/promises"
import type { Clock, Timer } from "../clock.js"
import { assertOptions } from "../options-object.js"
import { HeapTimer, TimerHeap } from "../timer-heap.js"

/** When a {@link VirtualClock} begins, and what it lets settle. */
export interface VirtualClockOptions {
  /** Wall time at the start, in epoch milliseconds. Default 2026-01-01T00:00:00Z. */
  readonly now?: number | undefined
  /**
   * Awaited before the first and after each timer, so that what it set off can settle and set timers of its own.
   * Default: one turn of the event loop, which lets every promise that waits for nothing outside run to its end. A
   * test with real files or sockets gives one that waits for those.
   */
  readonly settle?: (() => Promise<unknown>) | undefined
}

class PendingTimer extends HeapTimer implements Timer {
  readonly callback: () => void
  readonly ref: boolean
  readonly #heap: TimerHeap<PendingTimer>

  constructor(callback: () => void, options: { readonly ref: boolean; readonly heap: TimerHeap<PendingTimer> }) {
    super()
    this.callback = callback
    this.ref = options.ref
    this.#heap = options.heap
  }

  cancel(): void {
    this.#heap.remove(this)
  }
}

// as Node.js: a longer delay would overflow, a shorter one is made this long
const LONGEST_DELAY_MS = 2 ** 31 - 1
const SHORTEST_DELAY_MS = 1

/** A clock that a test turns by hand. No time passes but by {@link advance}, {@link stepWall} and {@link suspend}. */
export class VirtualClock implements Clock {
  readonly #settle: () => Promise<unknown>
  readonly #timers = new TimerHeap<PendingTimer>()
  #wall: number
  // unlike the wall, so that code which mixes the two up shows
  #monotonic = 5_000
  #advancing = false

  /** @throws TypeError naming the option. */
  constructor(options: VirtualClockOptions = {}) {
    assertOptions("VirtualClock", options, { now: true, settle: true })
    const { now = Date.UTC(2026, 0, 1), settle = () => turn() } = options
    this.#wall = now
    this.#settle = settle
  }

  now(): number {
    return this.#wall
  }

  monotonic(): number {
    return this.#monotonic
  }

  /** @throws RangeError for a delay that `setTimeout` would not keep. */
  setTimer(callback: () => void, delayMs: number, { ref = true }: { readonly ref?: boolean } = {}): Timer {
    if (!(delayMs <= LONGEST_DELAY_MS)) throw new RangeError(`delayMs must be at most 2^31 - 1; got ${delayMs}`)
    const timer = new PendingTimer(callback, { ref, heap: this.#timers })
    this.#timers.set(timer, this.#monotonic + Math.max(SHORTEST_DELAY_MS, delayMs))
    return timer
  }

  /**
   * Lets `ms` milliseconds pass on both clocks, and fires the timers due in them, in order, each at its own moment.
   * What they set off settles before the next one fires. Rejects with what a callback throws.
   */
  async advance(ms: number): Promise<void> {
    if (!(ms >= 0)) throw new RangeError(`ms must be a number of at least 0; got ${ms}`)
    if (this.#advancing) throw new Error("advance() was called while another advance() is under way: await it first")
    this.#advancing = true
    try {
      await this.#advanceTo(this.#monotonic + ms)
    } finally {
      this.#advancing = false
    }
  }

  /** Sets the wall clock forward, or back with a negative `byMs`. No time passes: no timer comes nearer. */
  stepWall(byMs: number): void {
    this.#wall += byMs
  }

  /** The machine sleeps for `ms` milliseconds: the wall clock goes on, the monotonic one and the timers stand still. */
  suspend(ms: number): void {
    if (!(ms >= 0)) throw new RangeError(`ms must be a number of at least 0; got ${ms}`)
    this.stepWall(ms)
  }

  /** How many timers are set and neither fired nor cancelled. */
  get pendingTimers(): number {
    return this.#timers.all.length
  }

  /** How many of them would keep the process alive. */
  get refTimers(): number {
    return this.#timers.all.filter(({ ref }) => ref).length
  }

  /** The time until the first of them fires, in milliseconds. */
  get nextTimerInMs(): number | undefined {
    const { first } = this.#timers
    return first && first.dueAt - this.#monotonic
  }

  async #advanceTo(target: number): Promise<void> {
    await this.#settle()
    for (let { first } = this.#timers; first && first.dueAt <= target; first = this.#timers.first) {
      this.#moveTo(first.dueAt)
      this.#timers.remove(first)
      first.callback()
      await this.#settle()
    }
    this.#moveTo(target)
  }

  #moveTo(monotonic: number): void {
    this.#wall += monotonic - this.#monotonic
    this.#monotonic = monotonic
  }
}
