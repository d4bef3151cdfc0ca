import { setTimeout as wait } from "node:timers/promises"
import { Fleet } from "../fleet/fleet.js"
import { SHARED_SERVERS } from "../fleet/shared-servers.js"
import { toolOptions } from "../tool-options.js"

const HELP = `How soon all processes of a fleet hold a new token, after the first of them has it.

  npm run bench:fleet -- [--rounds N] [--hosts N] [--processes N]

  --rounds N      how many renewals are measured (default 20)
  --hosts N       simulated hosts, each with a file of its own (default 4)
  --processes N   processes on each (default 8)
  --help          this text

Each process has a watcher. In each round one of them renews: 0 ms is when it publishes its new token. Issuer, Redis and
PostgreSQL are real and on this machine, and share its processors with the fleet.`

const values = toolOptions({
  rounds: { type: "string", default: "20" },
  hosts: { type: "string", default: "4" },
  processes: { type: "string", default: "8" },
  help: { type: "boolean" },
})
const [rounds, hosts, processesPerHost] = [values.rounds, values.hosts, values.processes].map(Number)
if (values.help) console.log(HELP)
else if (!isCount(rounds) || !isCount(hosts) || !isCount(processesPerHost)) {
  console.error("--rounds, --hosts and --processes are whole numbers above 0")
  process.exitCode = 2
} else {
  const rows = []
  for (const [kind, start] of Object.entries(SHARED_SERVERS)) {
    if (start === undefined) continue
    await using fleet = await Fleet.start(await start(), { hosts, processesPerHost })
    rows.push({ "time until all hold it (ms)": kind, ...(await measured(fleet, rounds)) })
  }
  console.table(rows)
}

async function measured(fleet: Fleet, rounds: number): Promise<Record<string, number>> {
  const { workers } = fleet
  await Promise.all(workers.map((worker) => worker.call("startWatcher")))
  const delays: number[] = []
  for (let round = 1; round <= rounds; round++) {
    if (process.stderr.isTTY) process.stderr.write(`\r${fleet.server.kind}: ${round} of ${rounds}   `)
    const renewed = await workers[round % workers.length]?.call("renew")
    delays.push(...(await adoptions(fleet, renewed?.generation ?? 0)))
    // the fleet comes to rest before the next round
    await wait(200)
  }
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K")
  delays.sort((a, b) => a - b)
  const at = (share: number) => Math.round(delays[Math.floor((delays.length - 1) * share)] ?? NaN)
  const { total } = fleet.issuer.requests
  return { median: at(0.5), "90 %": at(0.9), "99 %": at(0.99), max: at(1), renewals: rounds, requests: total - 1 }
}

/** Of each process: how long after the first one it had the token. */
async function adoptions({ workers }: Fleet, generation: number): Promise<readonly number[]> {
  const times = () =>
    workers.flatMap(({ published }) => published.find((token) => token.generation >= generation)?.at ?? [])
  const end = performance.now() + 30_000
  while (times().length < workers.length && performance.now() < end) await wait(5)
  const all = times()
  if (all.length < workers.length) throw new Error(`${workers.length - all.length} processes do not have the new token`)
  const first = Math.min(...all)
  return all.map((at) => at - first)
}

function isCount(value: number | undefined): value is number {
  return Number.isInteger(value) && value !== undefined && value > 0
}
