import { toolOptions } from "../tool-options.js"
import { takeoverCases, takeoverMs } from "./takeover-cases.js"

const HELP = `How long it takes until another process has renewed, after the one that holds the claim was killed.

  npm run bench:takeover -- [--rounds N]

  --rounds N   how often each case is measured (default 15)
  --help       this text

Each round starts a process that claims, lets a second one wait for it, kills the first with SIGKILL, and takes the
time until the second has its new token. The issuer is real and on this machine.`

const values = toolOptions({ rounds: { type: "string", default: "15" }, help: { type: "boolean" } })
const rounds = Number(values.rounds)
if (values.help) {
  console.log(HELP)
} else if (!Number.isInteger(rounds) || rounds < 1) {
  console.error(`--rounds must be a whole number above 0; got ${values.rounds}`)
  process.exitCode = 2
} else {
  await measure()
}

async function measure(): Promise<void> {
  const rows = []
  for (const one of takeoverCases) {
    const figures: number[] = []
    for (let round = 1; round <= rounds; round++) {
      if (process.stderr.isTTY) process.stderr.write(`\r${one.name}: ${round} of ${rounds}   `)
      figures.push(await takeoverMs(one))
    }
    if (process.stderr.isTTY) process.stderr.write("\r\x1b[K")
    figures.sort((a, b) => a - b)
    const at = (share: number) => Math.round(figures[Math.floor((figures.length - 1) * share)] ?? 0)
    rows.push({ "time to take over (ms)": one.name, min: at(0), median: at(0.5), max: at(1) })
  }
  console.table(rows)
}
