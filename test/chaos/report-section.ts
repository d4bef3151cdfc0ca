import { availableParallelism, machine, type } from "node:os"
import { spreadOf } from "./spread.js"

export type ReportRow = readonly [name: string, value: string | number]

/** A part of a report: a heading and its table, in Markdown that reads well as it is. */
export function reportSection(title: string, rows: readonly ReportRow[]): string {
  const lines = rows.map(([name, value]) => `| ${name} | ${value} |`)
  return [`## ${title}`, "", "| | |", "|---|---:|", ...lines].join("\n")
}

/** Where a run took place, and for how long. */
export function circumstances(durationMs: number): readonly ReportRow[] {
  return [
    ["machine", `${availableParallelism()} cores, Node.js ${process.versions.node}, ${type()} ${machine()}`],
    ["minutes", (durationMs / 60_000).toFixed(1)],
  ]
}

/** How long it was from the rotation until the kill, for kills in the window that no client can close; none: nothing. */
export function windowsText(windowsMs: readonly number[]): readonly string[] {
  const { count, median, max } = spreadOf(windowsMs)
  return count > 0 ? [`From the rotation until the kill, in that window: median ${median} ms, at most ${max} ms.`] : []
}
