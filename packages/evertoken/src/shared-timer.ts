import type { Clock } from "./clock.js"
import { SliceTimer, type ResettableTimer } from "./slice-timer.js"

// what SliceTimer tells as a step
const SMALLEST_STEP_MS = 1_000

/**
 * Any number of timers on one: the earliest is on top of a binary heap, and for that one alone a timer is set. When the
 * wall clock was set, all of them fire: whoever waits looks at the clocks again.
 */
export class SharedTimer {
  readonly #clock: Clock
  readonly #timer: SliceTimer
  readonly #heap: HeapTimer[] = []
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
    const timer = new HeapTimer(onWake)
    return {
      set: (inMs, { ref }) => {
        this.#remove(timer)
        this.#add(timer, this.#clock.monotonic() + inMs, ref)
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
    const due: HeapTimer[] = []
    for (let top = this.#heap[0]; top !== undefined && top.dueAt <= now; top = this.#heap[0]) {
      this.#remove(top)
      due.push(top)
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
    const [top] = this.#heap
    if (top === undefined) {
      this.#timer.cancel()
      this.#set = undefined
      return
    }
    const { dueAt } = top
    const ref = this.#refs > 0
    if (this.#set?.dueAt === dueAt && this.#set.ref === ref) return
    this.#set = { dueAt, ref }
    this.#timer.set(dueAt - this.#clock.monotonic(), { ref })
  }

  #add(timer: HeapTimer, dueAt: number, ref: boolean): void {
    timer.dueAt = dueAt
    timer.ref = ref
    if (ref) this.#refs++
    this.#place(timer, this.#heap.length)
    this.#rise(timer)
  }

  #remove(timer: HeapTimer): void {
    if (timer.index === -1) return
    const last = this.#heap.pop()
    if (last !== undefined && last !== timer) {
      this.#place(last, timer.index)
      this.#rise(last)
      this.#sink(last)
    }
    timer.index = -1
    if (timer.ref) this.#refs--
  }

  #rise(timer: HeapTimer): void {
    for (;;) {
      const parent = this.#heap[(timer.index - 1) >> 1]
      if (timer.index === 0 || parent === undefined || parent.dueAt <= timer.dueAt) return
      this.#swap(parent, timer)
    }
  }

  #sink(timer: HeapTimer): void {
    for (;;) {
      const left = this.#heap[2 * timer.index + 1]
      const right = this.#heap[2 * timer.index + 2]
      const child = left !== undefined && right !== undefined && right.dueAt < left.dueAt ? right : left
      if (child === undefined || timer.dueAt <= child.dueAt) return
      this.#swap(timer, child)
    }
  }

  #swap(a: HeapTimer, b: HeapTimer): void {
    const index = a.index
    this.#place(a, b.index)
    this.#place(b, index)
  }

  #place(timer: HeapTimer, index: number): void {
    this.#heap[index] = timer
    timer.index = index
  }
}

class HeapTimer {
  readonly onWake: () => void
  dueAt = Infinity
  ref = false
  /** Its place in the heap; -1: not set. */
  index = -1

  constructor(onWake: () => void) {
    this.onWake = onWake
  }
}
