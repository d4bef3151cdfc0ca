import { mkdirSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { comparedFleets, type SimulatedFleet } from "./compared-fleets.js"
import { formatDuration } from "./duration-option.js"
import { fleetChart } from "./fleet-chart.js"
import { fleetTable } from "./fleet-table.js"
import { progressOf } from "./progress.js"
import { simulateFleets } from "./simulate-fleets.js"
import { HELP, simulateOptions, type SimulateOptions } from "./simulate-options.js"

try {
  const options = simulateOptions()
  if (options === undefined) console.log(HELP)
  else await run(options)
} catch (error) {
  if (!(error instanceof RangeError)) throw error
  console.error(error.message)
  process.exitCode = 2
}

async function run(options: SimulateOptions): Promise<void> {
  const { common, svg, json } = options
  const fleets = await simulateFleets(comparedFleets(options), progressOf(common.durationMs))
  console.log(fleetTable(fleets))
  write(svg, fleetChart({ title: titleOf(options), madeBy: command() }, fleets))
  if (json !== undefined) write(json, `${JSON.stringify(fleets.map(figuresOf), undefined, 2)}\n`)
}

function titleOf({ common: { instances, startWithinMs = 0, lifetimeMs = 0 } }: SimulateOptions): string {
  const when = startWithinMs > 0 ? `within ${formatDuration(startWithinMs)}` : "at once"
  return `${instances.toLocaleString("en")} instances start ${when}, with tokens for ${formatDuration(lifetimeMs)}`
}

function command(): string {
  return ["npm run simulate --", ...process.argv.slice(2)].join(" ")
}

/** What each fleet is, and all figures but those of each second. */
function figuresOf({ name, options, report: { perSecond: _, ...figures } }: SimulatedFleet) {
  return { name, options, figures }
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  console.error(`written: ${file}`)
}
