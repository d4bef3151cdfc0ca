import type { ChaosResult } from "./chaos-run.js"
import type { KilledAs, Recovery } from "./recoveries.js"
import { circumstances, reportSection } from "./report-section.js"
import { spreadOf, type Spread } from "./spread.js"
import type { LossCause, ReuseKind } from "./verdicts.js"

const REUSES: Record<ReuseKind, string> = {
  "last-try": "a last try after an owner that was killed with its outcome (allowed)",
  repeat: "its owner again, whose answer had not come (allowed)",
  "late-arrival": "given up by its sender, arrived after the one that followed it (no client can prevent it)",
  forbidden: "**any other** (must be 0)",
}

const CAUSES: Record<LossCause, string> = {
  "killed-in-the-window": "owner killed after the issuer had rotated, before the answer was durable",
  "answer-lost": "answer lost by the issuer, as it was told to",
  "answer-too-late": "answer not there within the time-out of the request (a busy machine)",
  "stopped-in-the-window": "owner stopped in the window, and gave its answer up when it went on",
  unexplained: "**unexplained** (must be 0)",
}

const PHASES: Record<KilledAs, string> = {
  claimed: "it had claimed, not marked",
  marked: "it had marked, not sent",
  sent: "a request was under way, its own or one before",
  answered: "it had the answer, not written",
  committed: "the answer was written, the claim still there",
}

/** The report of a run, in Markdown that reads well as it is. */
export function formatReport(result: ChaosResult): string {
  const { counts, observer, options, durationMs } = result
  const { measured } = observer.recoveries
  return [
    reportSection("Run", [
      ["seed", options.seed],
      ["workers at a time", options.workers],
      ...circumstances(durationMs),
      ["workers killed (SIGKILL)", counts.kills],
      ["workers stopped for a while (SIGSTOP, SIGCONT)", counts.stops],
      ["workers told to end (SIGTERM)", counts.terminations],
      ["faults of the issuer", counts.issuerFaults],
    ]),
    reportSection("Renewals", [
      ["refresh tokens rotated and durable", counts.renewals],
      ["requests to the token endpoint", counts.requests],
      ["requests per lifetime of a token, faults included", ratio(counts.requests, counts.renewals)],
      ["sign-ins", counts.signIns],
    ]),
    reportSection("A spent refresh token came to the issuer again", tableOf(REUSES, observer.reuses)),
    reportSection("Families of refresh tokens lost", tableOf(CAUSES, observer.losses)),
    spreads("The window that no client can close (ms)", [
      ["from the rotation at the issuer until the answer is durable", windowsMs(result, "spent")],
      ["of that, from the answer until it is durable", windowsMs(result, "answered")],
    ]),
    spreads(
      "From the death of an owner until the next renewal, nothing else going wrong (ms)",
      recoveryRows(measured.filter(({ wasDisturbed }) => !wasDisturbed)),
    ),
    spreads("The same, whatever else went wrong (ms)", recoveryRows(measured)),
    reportSection("What callers were told, besides tokens", [...observer.refusals].sort()),
    `${counts.violations} violations`,
    ...observer.violations.slice(0, 5).map(({ what, trace }) => [`VIOLATION: ${what}`, ...trace].join("\n  ")),
    ...observer.violations.slice(5).map(({ what }) => `VIOLATION: ${what}`),
  ].join("\n\n")
}

function recoveryRows(recoveries: readonly Recovery[]): (readonly [string, readonly number[]])[] {
  const took = (some: readonly Recovery[]) => some.map(({ tookMs }) => tookMs)
  const rows = entriesOf(PHASES).map(
    ([phase, name]) => [name, took(recoveries.filter(({ killedAs }) => killedAs === phase))] as const,
  )
  return [["any of these", took(recoveries)], ...rows]
}

function windowsMs({ observer }: ChaosResult, from: "spent" | "answered"): number[] {
  return [...observer.presentations.all].flatMap(({ answer, answeredAt, committedAt }) => {
    const begin = from === "spent" ? answer?.spentAt : answeredAt
    return begin === undefined || committedAt === undefined ? [] : [committedAt - begin]
  })
}

function tableOf<K extends string>(names: Record<K, string>, counts: ReadonlyMap<K, number>): [string, number][] {
  return entriesOf(names).map(([key, name]) => [name, counts.get(key) ?? 0])
}

function entriesOf<K extends string>(names: Record<K, string>): [K, string][] {
  return Object.entries(names) as [K, string][]
}

function spreads(title: string, rows: readonly (readonly [string, readonly number[]])[]): string {
  const lines = rows.map(([name, figures]) => `| ${name} | ${shown(spreadOf(figures))} |`)
  return [`## ${title}`, "", "| | count | median | p99 | max |", "|---|---:|---:|---:|---:|", ...lines].join("\n")
}

function shown({ count, median, p99, max }: Spread): string {
  return [count, ...[median, p99, max].map((value) => value?.toFixed(0) ?? "-")].join(" | ")
}

function ratio(a: number, b: number): string {
  return b === 0 ? "-" : (a / b).toFixed(3)
}
