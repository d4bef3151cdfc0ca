import { formatReport } from "./report.js"
import { runSoak, type SoakOptions } from "./soak-run.js"
import { toolOptions } from "../tool-options.js"

const HELP = `Uses watchers and a pool over shared files in two processes, without end and while the issuer fails now and then, and
looks whether anything grows: heap, timers, handles, file descriptors.

  npm run soak -- [--minutes N] [--store NAME] [--seed S]

  --minutes N   for how long (default 5)
  --store NAME  redis or postgres: a server that is behind the files (default: none)
  --seed S      whole number, for what is done and which faults come (default: drawn, and printed)
  --help        this text

Prints a report. Exit code 1: something grew, was left behind, or surprised a caller.`

const ROUND_MS = 5_000
const PROGRESS_EVERY_ROUNDS = 10

const values = toolOptions({
  minutes: { type: "string", default: "5" },
  store: { type: "string" },
  seed: { type: "string" },
  help: { type: "boolean", default: false },
})

if (values.help) console.log(HELP)
else process.exitCode = await run()

async function run(): Promise<number> {
  const minutes = Number(values.minutes)
  const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed)
  if (!(minutes > 0 && minutes < Infinity)) return misused(`--minutes must be a number above 0; got ${values.minutes}`)
  if (!Number.isSafeInteger(seed) || seed < 0) return misused(`--seed must be a whole number; got ${values.seed ?? ""}`)
  const { store } = values
  if (store !== undefined && store !== "redis" && store !== "postgres") {
    return misused(`--store must be redis or postgres; got ${store}`)
  }
  const startServer = store && (await serverStarter(store))
  if (store !== undefined && startServer === undefined) return misused(`${store} is not on this machine`)
  const behind = store === undefined ? "" : ` --store ${store}`
  console.log(`npm run soak -- --minutes ${minutes}${behind} --seed ${seed}\n`)
  const onProgress = progressOf(minutes)
  const result = await runSoak({ forMs: minutes * 60_000, roundMs: ROUND_MS, seed, startServer, onProgress })
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K")
  console.log(formatReport(result))
  return result.objections.length === 0 ? 0 : 1
}

/** Servers are looked for, and installed, only where one is asked for. */
async function serverStarter(store: "redis" | "postgres") {
  const { SHARED_SERVERS } = await import("../fleet/shared-servers.js")
  return SHARED_SERVERS[store]
}

function misused(message: string): number {
  console.error(message)
  return 2
}

/** One line that changes, or, where the output goes to a file, a line now and then. */
function progressOf(minutes: number): NonNullable<SoakOptions["onProgress"]> {
  return ({ rounds, elapsedMs }) => {
    const line = `round ${rounds}, ${(elapsedMs / 60_000).toFixed(1)} of ${minutes} minutes`
    if (process.stderr.isTTY) process.stderr.write(`\r${line}   `)
    else if (rounds % PROGRESS_EVERY_ROUNDS === 0) process.stderr.write(`${line}\n`)
  }
}
