import { check } from "./check.js"
import type { ModelStep } from "./model-step.js"
import type { ModelOptions } from "./options.js"
import { shortName } from "./report.js"
import { CODE_READINGS, READINGS } from "./suites/readings.js"

/** What goes wrong when one rule of the protocol is left out, by a shortest way. */
export interface CounterExample {
  readonly reading: string
  readonly options: ModelOptions
  /** The invariant that the last step breaks (I4, I6: that is broken by then). */
  readonly breaks: string
  readonly steps: readonly ModelStep[]
}

/** The shortest counter-example of each reading, for a test that plays them against the real cache. */
export function shortestCounterExamples(): readonly CounterExample[] {
  return [...READINGS, ...CODE_READINGS].map(({ name, options }) => {
    const [shortest] = check(options).violations.toSorted((a, b) => a.trace.length - b.trace.length)
    if (shortest === undefined) throw new Error(`the reading "${name}" breaks nothing`)
    return { reading: name, options, breaks: shortName(shortest), steps: shortest.trace }
  })
}
