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
  #isFiring = false
  /** What the one timer is set for. */
  #set: { readonly dueAt: number; readonly ref: boolean } | undefined

  constructor(clock: Clock) {
    this.#clock = clock
    this.#offsetMs = clock.now() - clock.monotonic()
    this.#timer = new SliceTimer(clock, () => this.#fire())
  }

  /** One more timer, not set yet. */
  create(onWake: () => void): ResettableTimer {
    const timer = new WakingTimer(onWake)
    return {
      set: (inMs, { ref }) => {
        this.#remove(timer)
        this.#add(timer, inMs, ref)
        this.#setTimer()
      },
      cancel: () => {
        this.#remove(timer)
        this.#setTimer()
      },
    }
  }

  #fire(): void {
    this.#set = undefined
    const now = this.#hasStepped() ? Infinity : this.#clock.monotonic()
    const due: WakingTimer[] = []
    for (let { first } = this.#heap; first !== undefined && first.dueAt <= now; first = this.#heap.first) {
      this.#remove(first)
      due.push(first)
    }
    this.#isFiring = true
    for (const timer of due) timer.onWake()
    this.#isFiring = false
    this.#setTimer()
  }

  #hasStepped(): boolean {
    const offsetMs = this.#clock.now() - this.#clock.monotonic()
    const hasStepped = Math.abs(offsetMs - this.#offsetMs) >= SMALLEST_STEP_MS
    if (hasStepped) this.#offsetMs = offsetMs
    return hasStepped
  }

  #setTimer(): void {
    if (this.#isFiring) return
    const { first } = this.#heap
    if (first === undefined) {
      this.#timer.cancel()
      this.#set = undefined
      return
    }
    const { dueAt } = first
    const ref = this.#refs > 0
    if (this.#set?.dueAt === dueAt && this.#set.ref === ref) return
    this.#set = { dueAt, ref }
    this.#timer.set(dueAt - this.#clock.monotonic(), { ref })
  }

  #add(timer: WakingTimer, inMs: number, ref: boolean): void {
    this.#heap.add(timer, this.#clock.monotonic() + inMs)
    timer.ref = ref
    if (ref) this.#refs++
  }

  #remove(timer: WakingTimer): void {
    if (this.#heap.remove(timer) && timer.ref) this.#refs--
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
