import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import type { PoolFigures } from "../../bench/pool-figures.js"
import { bytes, digits, spread, time, times } from "../figures.js"
import { MeasuredProcess } from "../measured-process.js"
import type { Findings, Measurement, Setting } from "../measurement.js"
import { ratioOf, spreadOf } from "../statistics.js"
import { EVERTOKEN, shownName } from "../subject.js"
import type { Table } from "../table.js"

const PROGRAM = fileURLToPath(new URL("../../bench/pool-figures.ts", import.meta.url))
const FLAGS = ["--expose-gc", "--max-old-space-size=12288", "--import", "tsx"]

export const keys: Measurement = {
  name: "keys",
  about: "1, 1,000 and 1,000,000 keys: a read, memory, time to start, processor time of a renewal",
  run,
}

async function run(setting: Setting): Promise<Findings> {
  const { quick, tell } = setting
  const pools: PoolFigures[] = []
  for (const size of quick ? [1, 100] : [1, 1_000, 1_000_000]) {
    tell(`keys: a pool of ${size}`)
    const args = [...FLAGS, PROGRAM, String(size), quick ? "2" : "15"]
    const { stdout } = await promisify(execFile)(process.execPath, args)
    pools.push(JSON.parse(stdout) as PoolFigures)
  }
  return { tables: [readingTable(pools), costTable(pools), await peersTable(setting)] }
}

function readingTable(pools: readonly PoolFigures[]): Table {
  const rows = pools.map(({ size, readings }) => {
    const of = (kind: keyof (typeof readings)[number]) => readings.map((reading) => reading[kind])
    return [
      size.toLocaleString("en"),
      spread(spreadOf(of("any")), time),
      time(spreadOf(of("floor")).median),
      times(ratioOf(of("any"), of("floor"))),
      time(spreadOf(of("few")).median),
      time(spreadOf(of("awaited")).median),
    ]
  })
  const head = [
    "keys",
    "`current(key)`",
    "a Map and the time",
    "times that",
    "of 1,000 of the keys",
    "`await getToken(key)`",
  ]
  return { title: "A read of a pool, by the number of its keys", about: ABOUT_READING, head, rows }
}

function costTable(pools: readonly PoolFigures[]): Table {
  const rows = pools.map(({ size, bytesPerKey, startSeconds, processorTimePerRenewal }) => [
    size.toLocaleString("en"),
    size < 100 ? "–" : bytes(bytesPerKey),
    size < 100 ? "–" : time(startSeconds * 1e9),
    size < 100 ? "–" : `${digits(processorTimePerRenewal)} µs`,
  ])
  const head = ["keys", "memory of a key", "all of them started", "processor time of a renewal"]
  return { title: "What a pool costs, by the number of its keys", about: ABOUT_COSTS, head, rows }
}

/** Of those that have keys of their own: sets of scopes. */
async function peersTable(setting: Setting): Promise<Table> {
  const { subjects, server, quick, tell } = setting
  const rows: string[][] = []
  for (const subject of subjects.filter((one) => one.package === "@azure/msal-node" || one === EVERTOKEN)) {
    await using process = await MeasuredProcess.start(subject, server)
    await process.call("open", { kind: "scopes", settings: await server.settings(), cold: true })
    const cells: string[] = []
    for (const count of quick ? [1, 10] : [1, 1_000]) {
      const { nanoseconds } = await process.call("timeKeyed", {
        what: "scopes.get",
        keys: count,
        forMs: quick ? 20 : 1_000,
      })
      cells.push(time(nanoseconds))
    }
    tell(`keys: ${subject.name} ${cells.join(", ")}`)
    rows.push([shownName(subject), ...cells])
  }
  const head = quick ? ["", "1 key", "10 keys"] : ["", "1 key", "1,000 keys"]
  return { title: "A token awaited, of a client with keys of its own", about: ABOUT_PEERS, head, rows }
}

const ABOUT_READING = `Keys drawn from all of the pool, and from 1,000 of them. A Map with the same keys, in the same order, whose find is compared with the
time, is what nothing that finds things by key undercuts: it grows as the processor's caches miss more. Each pool is in a process of its own:
what is awaited leaves something to collect, and a collection beside a million keys takes longer.`

const ABOUT_COSTS = `From a source that answers at once, so that what is left is the pool's own. Memory: of the heap, with the token. Renewals: an hour
on a virtual clock, in which every key is renewed, of 100,000 keys at most.`

const ABOUT_PEERS = `Each set of scopes has its token before it counts. The other peers have one token a client. A million
are not tried here: each would take a request.`
