/** What can be in a {@link TimerHeap}: one at a time. */
export class HeapTimer {
  dueAt = Infinity
  /** Of two due at the same moment the one that was set first is first. */
  turn = 0
  /** Its place in the heap; -1: not in it. */
  index = -1
}

/** Timers of which the first to be due is at hand: a binary heap. To set or to remove one takes O(log n). */
export class TimerHeap<T extends HeapTimer> {
  readonly #timers: T[] = []
  #turns = 0

  get first(): T | undefined {
    return this.#timers[0]
  }

  /** In no order. */
  get all(): readonly T[] {
    return this.#timers
  }

  /** Adds it, or moves it if it is there. */
  set(timer: T, dueAt: number): void {
    timer.dueAt = dueAt
    timer.turn = ++this.#turns
    if (timer.index === -1) this.#place(timer, this.#timers.length)
    this.#rise(timer)
    this.#sink(timer)
  }

  /** @returns whether it was there. */
  remove(timer: T): boolean {
    if (timer.index === -1) return false
    const last = this.#timers.pop()
    if (last !== undefined && last !== timer) {
      this.#place(last, timer.index)
      this.#rise(last)
      this.#sink(last)
    }
    timer.index = -1
    return true
  }

  #rise(timer: T): void {
    for (;;) {
      const parent = this.#timers[(timer.index - 1) >> 1]
      if (parent === undefined || isBefore(parent, timer)) return
      this.#swap(parent, timer)
    }
  }

  #sink(timer: T): void {
    for (;;) {
      const left = this.#timers[2 * timer.index + 1]
      const right = this.#timers[2 * timer.index + 2]
      const child = left !== undefined && right !== undefined && isBefore(right, left) ? right : left
      if (child === undefined || isBefore(timer, child)) return
      this.#swap(timer, child)
    }
  }

  #swap(a: T, b: T): void {
    const index = a.index
    this.#place(a, b.index)
    this.#place(b, index)
  }

  #place(timer: T, index: number): void {
    this.#timers[index] = timer
    timer.index = index
  }
}

function isBefore(a: HeapTimer, b: HeapTimer): boolean {
  return a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.turn < b.turn)
}
