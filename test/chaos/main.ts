import { runChaos, type ChaosCounts } from "./chaos-run.js"
import { formatReport } from "./report.js"
import { toolOptions, wholeNumber } from "../tool-options.js"

const HELP = `Kills and stops processes that share one rotating refresh token in a file, at random and at each step of the renewal,
against an issuer that revokes the whole family when a spent refresh token comes again, and fails at times.

  npm run chaos -- [--kills N] [--workers N] [--seed S] [--keep]

  --kills N     ends when so many were killed by SIGKILL (default 300; 2,000 take about half an hour)
  --workers N   processes on the file at a time (default 6)
  --seed S      whole number; the same one gives the same schedule of signals and faults (default: drawn, and printed)
  --keep        keep the journal of all processes, and print where it is
  --help        this text

Prints a report. Exit code 1: something happened that must not (section 6 of the design); the journal of all processes
is kept then, and its place printed.`

const PROGRESS_EVERY_MS = 30_000

const values = toolOptions({
  kills: { type: "string", default: "300" },
  workers: { type: "string", default: "6" },
  seed: { type: "string" },
  keep: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
})

// whoever interrupts it is not to leave stopped processes behind
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1))

if (values.help) console.log(HELP)
else process.exitCode = await run()

async function run(): Promise<number> {
  const kills = wholeNumber("--kills", values.kills, 1)
  const workers = wholeNumber("--workers", values.workers, 2)
  const seed = values.seed === undefined ? Date.now() % 2 ** 31 : wholeNumber("--seed", values.seed, 0)
  if (kills === undefined || workers === undefined || seed === undefined) return 2
  console.log(`npm run chaos -- --kills ${kills} --workers ${workers} --seed ${seed}\n`)
  const result = await runChaos({ kills, workers, seed, keep: values.keep, onProgress: progressOf(kills), onViolation })
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K")
  console.log(formatReport(result))
  if (result.kept !== undefined) console.error(`\njournal and store: ${result.kept}`)
  return result.counts.violations === 0 ? 0 : 1
}

function onViolation(what: string): void {
  console.error(`\nVIOLATION: ${what}`)
}

/** One line that changes, or, where the output goes to a file, a line now and then. */
function progressOf(goal: number): (counts: ChaosCounts) => void {
  let shownAt = 0
  return ({ kills, renewals, signIns, violations }) => {
    const line = `${kills} of ${goal} killed, ${renewals} renewals, ${signIns} sign-ins, ${violations} violations`
    if (process.stderr.isTTY) process.stderr.write(`\r${line}   `)
    else if (Date.now() - shownAt >= PROGRESS_EVERY_MS) {
      shownAt = Date.now()
      process.stderr.write(`${line}\n`)
    }
  }
}
