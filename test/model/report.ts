import type { CheckResult, Violation } from "./check.js"
import type { Configuration } from "./configurations.js"
import { formatStep } from "./model-step.js"
import { FIRST_TEXT, MENDED, AS_CODED, type ModelOptions } from "./options.js"

/** The short name of an invariant: `I1b` of `I1b: presents …`. */
export const shortName = ({ rule }: Violation): string => rule.split(":")[0] ?? rule

/** The invariants that were broken and should not be, and those that should be and were not. */
export function surprises({ breaks }: Configuration, { violations }: CheckResult): readonly string[] {
  const broken = new Set(violations.map(shortName))
  return [
    ...[...broken].filter((name) => !breaks.includes(name)).map((name) => `${name} is broken`),
    ...breaks.filter((name) => !broken.has(name)).map((name) => `${name} is not broken any more`),
  ]
}

/** Options that differ from the protocol they are closest to. */
function describeOptions(options: ModelOptions): string {
  const base = options.granularity === "as-coded" ? AS_CODED : MENDED
  const names = Object.keys(FIRST_TEXT) as (keyof ModelOptions)[]
  const changed = names.filter((name) => options[name] !== base[name]).map((name) => `${name}=${options[name]}`)
  return [base === MENDED ? "mended" : "as coded", ...changed].join(" ")
}

export function formatResult(configuration: Configuration, result: CheckResult, seconds: number): string {
  const { states, edges, expanded, isCutOff, overflows, exempt, suffered } = result
  const facts = [
    `${states} states, ${edges} edges, ${seconds.toFixed(1)} s`,
    ...(isCutOff ? [`CUT OFF after ${expanded} expanded: I4 and I6 not judged`] : []),
    ...(overflows > 0 ? [`claim numbers ran out ${overflows} times`] : []),
    ...(exempt > 0 ? [`${exempt} exempt from I4 and I6 (last try used up)`] : []),
    ...[...suffered].map(([what, count]) => `residual: ${what} (${count} edges)`),
  ]
  return `\n== ${configuration.name}: ${describeOptions(configuration.options)}\n   ${facts.join("\n   ")}`
}

export function formatVerdict(configuration: Configuration, result: CheckResult): string {
  const unexpected = surprises(configuration, result)
  if (unexpected.length > 0) return `   UNEXPECTED: ${unexpected.join(", ")}`
  return configuration.breaks.length === 0 ? "   no violation" : "   violated, as expected"
}

export function formatViolation({ rule, count, trace }: Violation, withTrace: boolean): string {
  const steps = withTrace ? trace.map((step, index) => `\n      ${index + 1}. ${formatStep(step)}`) : []
  return `   ${rule} (${count} edges or states)${steps.join("")}`
}
