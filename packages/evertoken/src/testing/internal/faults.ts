import { sleep, type Clock } from "../../clock.js"

/**
 * What a store does in place of the operation asked for:
 * - `fails`: nothing is done, and it says so;
 * - `fails-after`: it is done, but the answer is a failure;
 * - `hangs`: nothing is done, and no answer comes;
 * - a number: it is done so many milliseconds later.
 */
export type Fault = "fails" | "fails-after" | "hangs" | number

export type FaultyOperation =
  | "get"
  | "commit"
  | "delete"
  | "claim.look"
  | "claim.take"
  | "claim.markSent"
  | "claim.isHeld"
  | "claim.release"
  | "claim.abandon"
  | "claim.reject"

/** Shown by nothing: what a client of a store puts into its errors. */
export const STORE_CANARY = "redis://user:canary-store-password@host"

/** Faults on command. The newest that fits an operation applies. */
export class Faults {
  readonly #clock: Clock
  #planned: { readonly operation: FaultyOperation | "*"; readonly fault: Fault; left: number }[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The next `times` operations of this name, or of any. */
  plan(operation: FaultyOperation | "*", fault: Fault, times = Infinity): void {
    this.#planned.unshift({ operation, fault, left: times })
  }

  heal(): void {
    this.#planned = []
  }

  async apply<T>(operation: FaultyOperation, action: () => Promise<T>): Promise<T> {
    const fault = this.#next(operation)
    if (fault === undefined) return action()
    if (fault === "hangs") return new Promise<T>(() => {})
    if (typeof fault === "number") await sleep(this.#clock, fault)
    if (fault === "fails") throw new Error(`cannot reach ${STORE_CANARY}`)
    const result = await action()
    if (fault === "fails-after") throw new Error(`connection to ${STORE_CANARY} lost`)
    return result
  }

  #next(operation: FaultyOperation): Fault | undefined {
    const planned = this.#planned.find((plan) => plan.left > 0 && ["*", operation].includes(plan.operation))
    if (planned === undefined) return undefined
    planned.left--
    return planned.fault
  }
}
