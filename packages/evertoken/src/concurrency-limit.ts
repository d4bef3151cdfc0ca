import { patiently } from "./single-flight.js"

/** Lets at most so many tasks run at once. Those in a hurry go first; else in the order in which they came. */
export class ConcurrencyLimit {
  readonly #most: number
  #running = 0
  readonly #urgent = new Queue()
  readonly #others = new Queue()

  constructor(most: number) {
    this.#most = most
  }

  /** @throws `signal.reason` if it is aborted while waiting; what the task throws. */
  async run<T>(
    task: () => Promise<T>,
    { isUrgent, signal }: { readonly isUrgent: boolean; readonly signal?: AbortSignal | undefined },
  ): Promise<T> {
    if (this.#running < this.#most) this.#running++
    else await this.#turn(isUrgent ? this.#urgent : this.#others, signal)
    try {
      return await task()
    } finally {
      this.#handOn()
    }
  }

  async #turn(queue: Queue, signal: AbortSignal | undefined): Promise<void> {
    const waiting = new Waiting()
    queue.add(waiting)
    try {
      await patiently(waiting.turn, signal)
    } catch (error) {
      if (waiting.hasTurn) this.#handOn()
      waiting.isGone = true
      throw error
    }
  }

  /** To the next who still waits. */
  #handOn(): void {
    const next = this.#urgent.next() ?? this.#others.next()
    if (next === undefined) this.#running--
    else next.begin()
  }
}

class Waiting {
  readonly turn: Promise<void>
  isGone = false
  hasTurn = false
  #resolve: (() => void) | undefined

  constructor() {
    this.turn = new Promise((resolve) => (this.#resolve = resolve))
  }

  begin(): void {
    this.hasTurn = true
    this.#resolve?.()
  }
}

/** First in, first out; taking the first moves nothing. */
class Queue {
  #waiting: Waiting[] = []
  #first = 0

  add(waiting: Waiting): void {
    this.#waiting.push(waiting)
  }

  next(): Waiting | undefined {
    for (;;) {
      const waiting = this.#waiting[this.#first]
      if (waiting === undefined) {
        this.#waiting = []
        this.#first = 0
        return undefined
      }
      this.#first++
      if (!waiting.isGone) return waiting
    }
  }
}
