import { Expansion } from "./expansion.js"
import type { ModelStep } from "./model-step.js"
import type { Search } from "./search.js"
import { Dimensions, State } from "./state.js"
import { sortProcesses } from "./symmetry.js"

/** The shortest way from the beginning to state `id`, and then `last`. */
export function traceTo(search: Search, id: number, last?: ModelStep): readonly ModelStep[] {
  const way: number[] = []
  for (let state = id; state > 0; state = search.parents.at(state)) way.unshift(state)
  const names = search.options.symmetry ? new Names(search.options.processes) : undefined
  const steps: ModelStep[] = []
  let from = 0
  for (const to of way) {
    const { step, order } = stepBetween(search, from, to)
    steps.push(names?.rename(step) ?? step)
    names?.reorder(order)
    from = to
  }
  return last === undefined ? steps : [...steps, names?.rename(last) ?? last]
}

/** Who stands where, when processes change places. */
class Names {
  #nameAt: readonly number[]

  constructor(processes: number) {
    this.#nameAt = Array.from({ length: processes }, (_, index) => index + 1)
  }

  rename(step: ModelStep): ModelStep {
    return step.process === undefined ? step : { ...step, process: this.#nameAt[step.process - 1] }
  }

  reorder(order: readonly number[] | undefined): void {
    if (order !== undefined) this.#nameAt = order.map((old) => this.#nameAt[old] ?? 0)
  }
}

interface Between {
  readonly step: ModelStep
  readonly order: readonly number[] | undefined
}

/** Makes the moves of a state once more, until one leads to the other. */
function stepBetween(search: Search, from: number, to: number): Between {
  const wanted = new State(new Dimensions(search.options))
  search.states.load(to, wanted)
  const found: Between[] = []
  const expansion = new Expansion(search.options, wanted.dimensions, {
    reached: (next, step) => {
      const order = search.options.symmetry ? sortProcesses(next) : undefined
      if (next.words.every((word, index) => word === wanted.words[index])) found.push({ step, order })
    },
    violated: () => undefined,
    overflowed: () => undefined,
    suffered: () => undefined,
  })
  search.expand(from, expansion)
  const first = found[0]
  if (first === undefined) throw new Error(`no step from state ${from} to ${to}`)
  return first
}
