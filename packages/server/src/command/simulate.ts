import { mkdir, writeFile } from "node:fs/promises"
import { dirname } from "node:path"
import { comparedFleets, type Comparison, type SimulatedFleet } from "../simulate/compared-fleets.js"
import { formatDuration } from "../simulate/duration-option.js"
import { fleetChart } from "../simulate/fleet-chart.js"
import { fleetTable } from "../simulate/fleet-table.js"
import { progressOf } from "../simulate/progress.js"
import { simulateFleets } from "../simulate/simulate-fleets.js"
import { comparisonOf, type SimulateTexts } from "../simulate/simulate-options.js"
import { addPlainCommand, type CommandContext } from "./add-command.js"
import { CommandError, EXIT } from "./command-error.js"

interface SimulateOptions extends SimulateTexts {
  readonly svg: string
  readonly json?: string
}

const NOTES = `
A time T is a number and its unit: 500ms, 30s, 5m, 1h, 1d. A read is counted for each process every 30 s, and fails if its token is
not valid any more. The watchers are the library's own, on a virtual clock; the issuer is simulated.`

export function addSimulateCommand({ program, terminal, args }: CommandContext): void {
  const { stdout, stderr } = terminal
  addPlainCommand(program, {
    usage: "simulate",
    description: "show what a fleet does to its issuer: without jitter, with it, and with it and shared stores",
    examples: ["evertoken simulate --instances 1000 --start 45m --duration 6h --outage 20m"],
  })
    .option("--instances <n>", "processes that keep a token ready", "10000")
    .option("--lifetime <T>", "of a token; it is renewed when a quarter of that is left", "1h")
    .option("--jitter <T>", "how much earlier than that, at most", "5m")
    .option("--per-store <n>", "processes that share a store, such as a host's a file, or all hosts' Redis", "100")
    .option("--start <T>", "time within which all of them start", "1m")
    .option("--duration <T>", "time that is simulated", "24h")
    .option("--outage <T>", "for how long the issuer cannot be reached; 0: it always can", "0")
    .option("--outage-at <T>", "when that begins (default: half-way)")
    .option("--limit <n>", "tokens that the issuer gives in a second; more is answered 429 (default: no limit)")
    .option("--retry-after <T>", "Retry-After of these answers (default: none)")
    .option("--latency <T>", "until the issuer answers", "50ms")
    .option("--seed <n>", "whole number; the same one gives the same figures", "1")
    .option("--svg <file>", "where the chart is written", "reports/fleet.svg")
    .option("--json <file>", "where the figures are written, too (default: nowhere)")
    .addHelpText("after", NOTES)
    .action(async ({ svg, json, ...texts }: SimulateOptions) => {
      const comparison = understood(texts)
      const { durationMs } = comparison.common
      const fleets = await simulateFleets(comparedFleets(comparison), progressOf(durationMs, stderr))
      stdout.write(`${fleetTable(fleets)}\n`)
      const written = [[svg, fleetChart({ title: titleOf(comparison), madeBy: lineOf(args) }, fleets)]]
      if (json !== undefined) written.push([json, `${JSON.stringify(fleets.map(figuresOf), undefined, 2)}\n`])
      for (const [file = "", text = ""] of written) {
        await mkdir(dirname(file), { recursive: true })
        await writeFile(file, text)
        stderr.write(`written: ${file}\n`)
      }
    })
}

function understood(texts: SimulateTexts): Comparison {
  try {
    return comparisonOf(texts)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new CommandError(error.message, { exitCode: EXIT.usage, hint: "evertoken simulate --help" })
  }
}

function titleOf({ common: { instances, startWithinMs = 0, lifetimeMs = 0 } }: Comparison): string {
  const when = startWithinMs > 0 ? `within ${formatDuration(startWithinMs)}` : "at once"
  return `${instances.toLocaleString("en")} instances start ${when}, with tokens for ${formatDuration(lifetimeMs)}`
}

function lineOf([command = "", ...options]: readonly string[]): string {
  const isScript = process.env["npm_lifecycle_event"] === command
  return [isScript ? `npm run ${command} --` : `evertoken ${command}`, ...options].join(" ")
}

/** What each fleet is, and all figures but those of each second. */
function figuresOf({ name, options, report: { perSecond: _, ...figures } }: SimulatedFleet) {
  return { name, options, figures }
}
