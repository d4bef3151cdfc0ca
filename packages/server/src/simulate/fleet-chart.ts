import type { FleetReport } from "evertoken/testing"
import type { SimulatedFleet } from "./compared-fleets.js"
import { busiestSeconds, KINDS, type Kind, type Rates } from "./busiest-seconds.js"
import { formatDuration } from "./duration-option.js"
import { formatCount } from "./fleet-table.js"

const WIDTH = 840
const LEFT = 52
const PLOT_WIDTH = WIDTH - LEFT - 20
const BAR_WIDTH = 2
const TOP = 72
const PANEL_HEIGHT = 100
const PANEL_STEP = PANEL_HEIGHT + 46
const TIMES_HEIGHT = 24
const LEGEND_HEIGHT = 24
const MINUTE = 60_000
const TIME_STEPS = [1, 5, 10, 15, 30, 60, 120, 180, 240, 360, 720, 1_440].map((minutes) => minutes * MINUTE)
const MOST_TIMES = 12
const MOST_RATES = 3

const LEGEND: Record<Kind, string> = {
  granted: "a token",
  rejected: "429, too many requests",
  unanswered: "no answer, the issuer was down",
}

const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #59636e }
  .paper { fill: #fff } .title { font-size: 17px; font-weight: 600; fill: #1f2328 }
  .name, .figure { font-weight: 600; fill: #1f2328 } .figure { text-anchor: end }
  .rate { text-anchor: end } .time { text-anchor: middle }
  .grid { stroke: #d1d9e0 } .outage { fill: #818b98; opacity: .18 }
  .granted { fill: #0969da } .rejected { fill: #d1242f } .unanswered { fill: #818b98 }
  @media (prefers-color-scheme: dark) {
    text { fill: #9198a1 } .paper { fill: #0d1117 } .title, .name, .figure { fill: #f0f6fc }
    .grid { stroke: #3d444d } .granted { fill: #4493f8 } .rejected { fill: #f85149 } .unanswered { fill: #9198a1 }
  }
`

export interface ChartTexts {
  readonly title: string
  /** The command that makes this chart. */
  readonly madeBy: string
}

/** Requests per second over time as an SVG document, a panel for each fleet, all on one scale. */
export function fleetChart({ title, madeBy }: ChartTexts, fleets: readonly SimulatedFleet[]): string {
  const durationMs = Math.max(...fleets.map(({ report }) => report.perSecond.granted.length)) * 1_000
  const panels = fleets.map(({ report }) => busiestSeconds(report, PLOT_WIDTH / BAR_WIDTH))
  // requests that reach nobody harm nobody: they may well be more than the chart is high
  const highest = Math.max(1, ...panels.flat().map(({ granted, rejected }) => granted + rejected))
  const y = (rate: number) => round(PANEL_HEIGHT * Math.max(0, 1 - rate / highest))
  const x = (ms: number) => round(LEFT + (PLOT_WIDTH * ms) / durationMs)
  const kinds = KINDS.filter((kind) => panels.flat().some((rates) => rates[kind] > 0))
  const timesAt = TOP + fleets.length * PANEL_STEP
  const height = timesAt + TIMES_HEIGHT + (kinds.length > 1 ? LEGEND_HEIGHT : 0)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<desc>${escaped(madeBy)}</desc>`,
    `<style>${STYLE}</style>`,
    `<rect class="paper" width="${WIDTH}" height="${height}" rx="6"/>`,
    `<text class="title" x="16" y="30">${escaped(title)}</text>`,
    `<text x="16" y="51">Requests per second at the issuer, over time (the busiest second of each bar)</text>`,
    ...fleets.map(({ name, report }, index) => {
      const top = TOP + index * PANEL_STEP
      return [
        `<g transform="translate(0 ${top})">`,
        `<text class="name" x="${LEFT}" y="14">${escaped(capitalized(name))}</text>`,
        `<text class="figure" x="${LEFT + PLOT_WIDTH}" y="14">${figuresOf(report)}</text>`,
        `<g transform="translate(0 24)">`,
        ...outageBands(report, x),
        ...rates(highest).map((rate) => rateLine(rate, y(rate))),
        ...kinds.map((kind) => bars(kind, panels[index] ?? [], y)),
        `</g></g>`,
      ].join("\n")
    }),
    ...times(durationMs).map((ms) => {
      return `<text class="time" x="${x(ms)}" y="${timesAt}">${formatDuration(ms)}</text>`
    }),
    ...(kinds.length > 1 ? legend(kinds, height - 18) : []),
    "</svg>\n",
  ].join("\n")
}

function figuresOf({ peakPerSecond, meanPerSecond, failedReads }: FleetReport): string {
  const failures = failedReads > 0 ? `, ${formatCount(failedReads)} failed reads` : ""
  return `peak ${formatCount(peakPerSecond)}/s, mean ${formatCount(meanPerSecond)}/s${failures}`
}

function outageBands({ outages }: FleetReport, x: (ms: number) => number): string[] {
  return outages.map(({ startsAtMs, lastsMs, peakUnansweredPerSecond }) => {
    const [from, to] = [x(startsAtMs), x(startsAtMs + lastsMs)]
    return [
      `<rect class="outage" x="${from}" width="${round(to - from)}" height="${PANEL_HEIGHT}"/>`,
      peakUnansweredPerSecond > 0 &&
        `<text class="time" x="${(from + to) / 2}" y="-10">down: ${formatCount(peakUnansweredPerSecond)}/s</text>`,
    ]
      .filter(Boolean)
      .join("")
  })
}

function rateLine(rate: number, y: number): string {
  return [
    `<line class="grid" x1="${LEFT}" x2="${LEFT + PLOT_WIDTH}" y1="${y}" y2="${y}"/>`,
    `<text class="rate" x="${LEFT - 8}" y="${y + 4}">${formatCount(rate)}</text>`,
  ].join("")
}

/** Refusals stand upon tokens. What found nobody is of other seconds, and stands behind both. */
function bars(kind: Kind, spans: readonly Rates[], y: (rate: number) => number): string {
  const path = spans.flatMap((rates, index) => {
    if (rates[kind] === 0) return []
    const below = kind === "rejected" ? rates.granted : 0
    // one request in a second is to be seen, whatever the scale
    const top = Math.min(y(below + rates[kind]), y(below) - 1)
    return [`M${LEFT + index * BAR_WIDTH} ${y(below)}V${round(top)}h${BAR_WIDTH}V${y(below)}z`]
  })
  return `<path class="${kind}" d="${path.join("")}"/>`
}

function legend(kinds: readonly Kind[], y: number): string[] {
  let x = LEFT
  return [`<text x="${x}" y="${y}">Answer:</text>`].concat(
    kinds.map((kind, index) => {
      x += index === 0 ? 60 : 40 + LEGEND[kinds[index - 1] ?? kind].length * 7
      return `<rect class="${kind}" x="${x}" y="${y - 10}" width="11" height="11"/><text x="${x + 17}" y="${y}">${LEGEND[kind]}</text>`
    }),
  )
}

function rates(highest: number): number[] {
  const magnitude = 10 ** Math.floor(Math.log10(highest))
  const step =
    [0.2, 0.5, 1, 2, 5].map((factor) => factor * magnitude).find((one) => highest / one <= MOST_RATES) ?? highest
  return Array.from({ length: Math.floor(highest / step) + 1 }, (_, index) => index * step)
}

function times(durationMs: number): number[] {
  const step = TIME_STEPS.find((one) => durationMs / one <= MOST_TIMES) ?? durationMs / 2
  return Array.from({ length: Math.floor(durationMs / step) + 1 }, (_, index) => index * step)
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
