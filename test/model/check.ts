import type { ModelStep } from "./model-step.js"
import type { ModelOptions } from "./options.js"
import { judgeRecovery, type Recovery } from "./recovery.js"
import { Search, type Progress } from "./search.js"
import { traceTo } from "./trace.js"

/** A rule that does not hold, and a shortest way to break it. */
export interface Violation {
  /** The invariant's number and what it says. */
  readonly rule: string
  /** How many edges, or states, break it. */
  readonly count: number
  readonly trace: readonly ModelStep[]
}

export interface CheckResult {
  readonly states: number
  readonly edges: number
  /** The bound was reached: some states were not expanded, and I4 and I6 not judged. */
  readonly isCutOff: boolean
  readonly expanded: number
  /** How often a claim number or generation was beyond what the model has room for. */
  readonly overflows: number
  readonly exempt: number
  /** What no client can prevent, and how many edges lead to it. */
  readonly suffered: ReadonlyMap<string, number>
  readonly violations: readonly Violation[]
}

/** Searches all states that can be reached under `options`, and judges every invariant. */
export function check(options: ModelOptions, progress?: Progress): CheckResult {
  const search = new Search(options)
  const expanded = search.run(progress)
  const isCutOff = expanded < search.states.size
  const recovery = isCutOff ? undefined : judgeRecovery(search)
  const broken = [...search.broken.values()].map(({ rule, count, from, step }) => ({
    rule,
    count,
    trace: traceTo(search, from, step),
  }))
  return {
    states: search.states.size,
    edges: search.targets.length,
    isCutOff,
    expanded,
    overflows: search.overflows,
    exempt: recovery?.exempt ?? 0,
    suffered: search.suffered,
    violations: [...broken, ...violationsOf(search, recovery)],
  }
}

function violationsOf(search: Search, recovery: Recovery | undefined): Violation[] {
  const { stuck = [], despairing = [] } = recovery ?? {}
  return [
    ...violationAt(search, stuck, "I4: nobody can ever renew again, though the family lives"),
    ...violationAt(
      search,
      despairing,
      "I6: everybody believes reauthentication is needed, the family lives and its newest token is at hand",
    ),
  ]
}

function violationAt(search: Search, states: readonly number[], rule: string): Violation[] {
  const [first] = states
  return first === undefined ? [] : [{ rule, count: states.length, trace: traceTo(search, first) }]
}
