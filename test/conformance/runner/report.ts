import { basename } from "node:path"
import type { Played } from "./play.js"

/** A failure in plain words: which scenario, which step, what was expected, what was seen. */
export function describeFailure({ found, store, failure }: Played): string {
  if (failure === undefined) return ""
  const { scenario, file } = found
  const where = failure.step === undefined ? "at the end" : `step ${failure.step.number}: ${failure.step.text}`
  const differences = failure.mismatches.map(
    ({ what, expected, seen }) => `    ${what}\n      expected  ${expected}\n      seen      ${seen}`,
  )
  return [
    `FAILED  ${scenario.name} [${store}]`,
    `    ${basename(file)}, ${where}`,
    ...differences,
    `    why it matters: ${scenario.why}`,
  ].join("\n")
}

export function describeSuccess({ found, store }: Played): string {
  return `ok      ${found.scenario.name} [${store}]`
}
