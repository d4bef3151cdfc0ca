import type { StepOf } from "../format/step.js"

export type StoreOperation = "get" | "commit" | "delete" | "claim"

export type Fault = Extract<StepOf<"store">["store"], "fails" | "hangs" | "fails after doing it">

interface PlannedFault {
  readonly fault: Fault
  readonly operations: readonly StoreOperation[]
  /** Undefined: every process. */
  readonly of: string | undefined
}

/** What goes wrong with the store at present, and for whom. */
export class StoreFaults {
  #planned: PlannedFault[] = []

  plan(fault: PlannedFault): void {
    this.#planned.unshift(fault)
  }

  /** Undefined `of`: everything is well again for all. */
  heal(of: string | undefined): void {
    this.#planned = of === undefined ? [] : this.#planned.filter((planned) => planned.of !== of)
  }

  async apply<T>(process: string, operation: StoreOperation, action: () => Promise<T>): Promise<T> {
    const { fault } = this.#planned.find((planned) => fits(planned, process, operation)) ?? {}
    if (fault === "hangs") return new Promise<T>(() => {})
    if (fault === "fails") throw unreachable()
    const result = await action()
    if (fault === "fails after doing it") throw unreachable()
    return result
  }
}

function fits({ of, operations }: PlannedFault, process: string, operation: StoreOperation): boolean {
  return (of === undefined || of === process) && operations.includes(operation)
}

// as clients of stores do, it quotes what it was given to connect with
function unreachable(): Error {
  return new Error("cannot reach redis://user:canary-store-password@store.test")
}
