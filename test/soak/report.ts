import { rangeText, type Course } from "./flatness.js"
import type { SoakResult, SubjectReport } from "./soak-run.js"

/** The report of a soak, in Markdown that reads well as it is. */
export function formatReport(result: SoakResult): string {
  const { options, rounds, durationMs, issuerFaults, requests, subjects, objections } = result
  return [
    `${(durationMs / 60_000).toFixed(1)} minutes, ${rounds} rounds, seed ${options.seed}: ` +
      `${requests} requests to the issuer, which failed ${issuerFaults} times`,
    ...subjects.map(sectionOf),
    objections.length === 0
      ? "All flat."
      : objections.map((objection) => `NOT AS IT SHOULD BE: ${objection}`).join("\n"),
  ].join("\n\n")
}

function sectionOf({ courses, counts, leftBehind }: SubjectReport, index: number): string {
  const { calls, failures, published, started, pooled } = counts
  return [
    `## Process ${index}`,
    "",
    `${calls} calls (${failures} failed, as the issuer did), ${started} watchers started and closed, ${pooled} keys of a pool, ${published} tokens and states told`,
    "",
    "| | first third | last third | |",
    "|---|---:|---:|---|",
    ...courses.map(rowOf),
    "",
    `When everything was closed: ${leftBehind.length === 0 ? "nothing left behind" : leftBehind.join(", ")}`,
  ].join("\n")
}

function rowOf({ name, first, last, isFlat }: Course): string {
  return `| ${name} | ${rangeText(first)} | ${rangeText(last)} | ${isFlat ? "flat" : "**grows**"} |`
}
