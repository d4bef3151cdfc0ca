import type { Clock } from "../../clock.js"
import type { Fleet } from "./fleet.js"

/** From a moment on: until every instance that has no fresh token then has one. */
export class CatchingUp {
  readonly #fleet: Fleet
  readonly #clock: Clock
  readonly #waiting = new Set<number>()
  #overdue = 0
  #tookMs: number | undefined

  /** @param inMs the moment, from now */
  constructor(fleet: Fleet, clock: Clock, inMs: number) {
    this.#fleet = fleet
    this.#clock = clock
    if (inMs > 0) clock.setTimer(() => this.#begin(), inMs)
    else this.#begin()
  }

  /** How many instances had no fresh token at that moment. */
  get overdue(): number {
    return this.#overdue
  }

  /** Until all of them had one, in milliseconds; undefined: not yet. */
  get tookMs(): number | undefined {
    return this.#tookMs
  }

  #begin(): void {
    const startedAt = this.#clock.now()
    for (const index of this.#fleet.overdue()) this.#waiting.add(index)
    this.#overdue = this.#waiting.size
    if (this.#overdue === 0) this.#tookMs = 0
    this.#fleet.newToken$.subscribe((index) => {
      if (this.#waiting.delete(index) && this.#waiting.size === 0) this.#tookMs = this.#clock.now() - startedAt
    })
  }
}
