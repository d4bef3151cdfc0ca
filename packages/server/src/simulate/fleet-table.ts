import type { FleetOutageReport, FleetReport } from "evertoken/testing"
import type { SimulatedFleet } from "./compared-fleets.js"
import { formatDuration } from "./duration-option.js"

type Row = readonly [name: string, figure: (report: FleetReport) => string]

const ROWS: readonly Row[] = [
  ["tokens issued", ({ granted }) => formatCount(granted)],
  ["requests answered 429", ({ rejected }) => formatCount(rejected)],
  ["each had its first token after", ({ startedAfterMs }) => afterwards(startedAfterMs)],
  ["requests per second since, mean", ({ meanPerSecond }) => formatCount(meanPerSecond)],
  ["… in the busiest second", ({ peakPerSecond }) => formatCount(peakPerSecond)],
  ["failed reads", ({ failedReads, reads }) => share(failedReads, reads)],
  ["instances that had any", ({ failedInstances }) => formatCount(failedInstances)],
]

const OUTAGE_ROWS: readonly Row[] = [
  ["requests in the outage", ({ unanswered }) => formatCount(unanswered)],
  ["… in its busiest second", ofEach((outage) => formatCount(outage.peakUnansweredPerSecond))],
  ["instances due when it ended", ofEach(({ overdue }) => formatCount(overdue))],
  ["… all renewed after", ofEach(({ recoveredAfterMs }) => afterwards(recoveredAfterMs))],
  ["… busiest second until then", ofEach(({ peakPerSecond }) => formatCount(peakPerSecond))],
]

/** A table in Markdown, a column for each fleet, that reads well as it is. */
export function fleetTable(fleets: readonly SimulatedFleet[]): string {
  const hasOutage = fleets.some(({ report }) => report.outages.length > 0)
  const rows = hasOutage ? [...ROWS, ...OUTAGE_ROWS] : ROWS
  const columns = [
    column(
      "",
      rows.map(([name]) => name),
      (cell, width) => cell.padEnd(width),
    ),
    ...fleets.map(({ name, report }) =>
      column(
        name,
        rows.map(([, figure]) => figure(report)),
        (cell, width) => cell.padStart(width),
      ),
    ),
  ]
  const [first = []] = columns
  return first.map((_, line) => `| ${columns.map((cells) => cells[line] ?? "").join(" | ")} |`).join("\n")
}

export function formatCount(count: number): string {
  return count.toLocaleString("en", count < 10 ? { maximumSignificantDigits: 2 } : { maximumFractionDigits: 0 })
}

/** All as wide as the widest, and below the first the line that a table in Markdown has there. */
function column(head: string, cells: readonly string[], pad: (cell: string, width: number) => string): string[] {
  const width = Math.max(head.length, ...cells.map((cell) => cell.length))
  const rule = head === "" ? "-".repeat(width) : `${"-".repeat(width - 1)}:`
  return [pad(head, width), rule, ...cells.map((cell) => pad(cell, width))]
}

function ofEach(figure: (outage: FleetOutageReport) => string): Row[1] {
  return ({ outages }) => outages.map(figure).join(", ")
}

function afterwards(ms: number | undefined): string {
  return ms === undefined ? "never" : formatDuration(ms)
}

function share(part: number, whole: number): string {
  if (part === 0) return "0"
  return `${formatCount(part)} (${((100 * part) / whole).toLocaleString("en", { maximumSignificantDigits: 2 })} %)`
}
