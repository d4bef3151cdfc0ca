import type { Clock } from "../clock.js"

// the heartbeat's `stale` of the design; its owner beats every 2 s
const STALE_MS = 10_000
const LONGEST_STEP_MS = 1_000

interface Observation {
  readonly seen: string
  readonly at: number
  readonly stillMs: number
}

/**
 * Whether a heartbeat has stopped, as this process itself has observed it: a step of more than a second between two
 * looks counts as one (this process was stopped, the machine slept, the clock was set).
 */
export class StandingStill {
  readonly #clock: Clock
  readonly #observations = new Map<string, Observation>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Notes what was seen of `name` just now. @returns whether it has not changed for ten seconds. */
  hasStopped(name: string, seen: string): boolean {
    const at = this.#clock.monotonic()
    const before = this.#observations.get(name)
    const stillMs = before?.seen === seen ? before.stillMs + Math.min(at - before.at, LONGEST_STEP_MS) : 0
    this.#observations.set(name, { seen, at, stillMs })
    return stillMs >= STALE_MS
  }

  /** Forgets all that is not among `names`. */
  retain(names: readonly string[]): void {
    for (const name of this.#observations.keys()) if (!names.includes(name)) this.#observations.delete(name)
  }
}
