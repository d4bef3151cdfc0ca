import { Expansion, type EdgeListener } from "./expansion.js"
import { GrowingNumbers } from "./growing-numbers.js"
import type { ModelStep } from "./model-step.js"
import { allMoves } from "./moves/all-moves.js"
import type { ModelOptions } from "./options.js"
import { State } from "./state.js"
import { StateTable } from "./state-table.js"
import { sortProcesses } from "./symmetry.js"

/** The first edge found to break a rule, and how many there are. */
export interface BrokenRule {
  readonly rule: string
  readonly from: number
  readonly step: ModelStep
  count: number
}

/** Is told now and then how far a search has come. */
export type Progress = (states: number, expanded: number) => void

const PROGRESS_EVERY = 1 << 16
const NO_PARENT = -1

/**
 * Breadth first through all states that can be reached: each is kept, so the way back along `parents` is a shortest one.
 * What led from one to the next is not kept, but found again by making the parent's moves once more (`trace.ts`).
 */
export class Search {
  readonly options: ModelOptions
  readonly states: StateTable
  readonly expansion: Expansion
  readonly parents = new GrowingNumbers()
  /** The states that the edges lead to, by where they come from: those of state `i` begin at `firstEdge.at(i)`. */
  readonly targets = new GrowingNumbers()
  readonly firstEdge = new GrowingNumbers()
  readonly broken = new Map<string, BrokenRule>()
  /** States that were first reached by breaking a rule: they are not searched beyond. */
  readonly bad = new Set<number>()
  readonly suffered = new Map<string, number>()
  overflows = 0
  #current = 0

  constructor(options: ModelOptions) {
    const initial = State.initial(options)
    this.options = options
    this.states = new StateTable(initial.words.length)
    this.expansion = new Expansion(options, initial.dimensions, this.#listener())
    this.states.add(initial)
    this.parents.push(NO_PARENT)
  }

  /** @returns how many states were expanded: fewer than there are if the search was cut off. */
  run(progress: Progress = () => undefined): number {
    for (this.#current = 0; this.#current < this.states.size; this.#current++) {
      if (this.#current % PROGRESS_EVERY === 0) progress(this.states.size, this.#current)
      this.firstEdge.push(this.targets.length)
      if (this.bad.has(this.#current)) continue
      if (this.states.size > this.options.maximumStates) break
      this.expand(this.#current)
    }
    return this.#current
  }

  /** Makes all moves of a state. */
  expand(id: number, expansion: Expansion = this.expansion): void {
    this.states.load(id, expansion.from)
    expansion.begin()
    allMoves(expansion)
  }

  #listener(): EdgeListener {
    return {
      reached: (next, _step, violated) => this.#reach(next, violated),
      violated: (rule, step) => this.#note(rule, step),
      overflowed: () => void this.overflows++,
      suffered: (what) => void this.suffered.set(what, (this.suffered.get(what) ?? 0) + 1),
    }
  }

  #reach(next: State, violated: boolean): void {
    if (this.options.symmetry) sortProcesses(next)
    const known = this.states.size
    const id = this.states.add(next)
    this.targets.push(id)
    if (id !== known) return
    this.parents.push(this.#current)
    if (violated) this.bad.add(id)
  }

  #note(rule: string, step: ModelStep): void {
    const broken = this.broken.get(rule)
    if (broken === undefined) this.broken.set(rule, { rule, from: this.#current, step, count: 1 })
    else broken.count++
  }
}
