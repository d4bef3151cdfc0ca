import { publish, type Presentation, type RenewalStep } from "./events.js"
import type { RenewalPlan } from "./renewal-plan.js"

/** Tells that a named step of the transaction was reached. */
export type StepReporter = (
  step: RenewalStep,
  plan?: RenewalPlan,
  details?: { readonly n?: number; readonly presentation?: Presentation },
) => void

/** Tells it on the diagnostics channel `evertoken:step`. */
export function stepReporter(key: string): StepReporter {
  return (step, plan, { n, presentation } = {}) =>
    publish("step", { key, step, what: plan?.subject.what, n, presentation })
}
