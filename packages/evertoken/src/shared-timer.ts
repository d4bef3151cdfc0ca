import type { Clock } from "./clock.js"
import { SliceTimer, type ResettableTimer } from "./slice-timer.js"
import { HeapTimer, TimerHeap } from "./timer-heap.js"

// what SliceTimer tells as a step
const SMALLEST_STEP_MS = 1_000

/**
 * Any number of timers on one, which is set for the first of them to be due. When the wall clock was set, all of them
 * fire: whoever waits looks at the clocks again.
 */
export class SharedTimer {
  readonly #clock: Clock
  readonly #timer: SliceTimer
  readonly #heap = new TimerHeap<WakingTimer>()
  #refs = 0
  #offsetMs: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#offsetMs = this.#clockOffsetMs()
    this.#timer = new SliceTimer(clock, () => this.#fire())
  }

  /** One more timer, not set yet. */
  create(onWake: () => void): ResettableTimer {
    const timer = new WakingTimer(onWake)
    return {
      set: (inMs, { ref }) => {
        this.#heap.set(timer, this.#clock.monotonic() + inMs)
        this.#hold(timer, ref)
        this.#setTimer()
      },
      cancel: () => {
        this.#remove(timer)
        this.#setTimer()
      },
    }
  }

  #fire(): void {
    const now = this.#hasStepped ? Infinity : this.#clock.monotonic()
    if (this.#hasStepped) this.#offsetMs = this.#clockOffsetMs()
    const due: WakingTimer[] = []
    for (let { first } = this.#heap; first !== undefined && first.dueAt <= now; first = this.#heap.first) {
      this.#remove(first)
      due.push(first)
    }
    for (const timer of due) timer.onWake()
    this.#setTimer()
  }

  /** Small steps add up: a clock that is drawn slowly is followed, too. */
  get #hasStepped(): boolean {
    return Math.abs(this.#clockOffsetMs() - this.#offsetMs) >= SMALLEST_STEP_MS
  }

  #clockOffsetMs(): number {
    return this.#clock.now() - this.#clock.monotonic()
  }

  #setTimer(): void {
    const { first } = this.#heap
    if (first === undefined) {
      this.#timer.cancel()
      return
    }
    // each setting begins a slice anew: whoever sets often must not hide a step from the others
    const inMs = this.#hasStepped ? 0 : first.dueAt - this.#clock.monotonic()
    this.#timer.set(inMs, { ref: this.#refs > 0 })
  }

  #remove(timer: WakingTimer): void {
    this.#heap.remove(timer)
    this.#hold(timer, false)
  }

  #hold(timer: WakingTimer, ref: boolean): void {
    this.#refs += Number(ref) - Number(timer.ref)
    timer.ref = ref
  }
}

class WakingTimer extends HeapTimer {
  readonly onWake: () => void
  ref = false

  constructor(onWake: () => void) {
    super()
    this.onWake = onWake
  }
}
