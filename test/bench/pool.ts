import { toolOptions } from "../tool-options.js"
import { countRenewals } from "./pool-renewals.js"
import { FilledPool, median, type Reading } from "./pool-filling.js"

const HELP = `What a TokenPool costs per key, and whether that grows with the number of keys.

  npm run bench:pool -- [--keys N,N,...] [--rounds N]

  --keys N,N,...  the sizes, each with a pool of its own (default 1000,10000,100000)
  --rounds N      how often the reading is measured, in turn for each pool; the medians are told (default 15)
  --help          this text

  bytes          heap of a key after a garbage collection: what the pool keeps for it, with its token. Its source is yours
  start          time until a new key has its first token, from a source that answers at once; 100 together
  current        time of current(key), the keys drawn from all of the pool; how many times that of the first pool
  of a Map       time to get an object of a Map with the same keys, in the same order: it grows as the processor's caches miss
                 more, and nothing that finds things by key grows less. A pool is flat if it grows as a Map does
  of a few       current(key) with the keys drawn from 1,000 of them: what is left of a difference here is no cache's miss

Then an hour of each pool on a virtual clock, with an issuer that takes 50 ms: how many renewals began in the busiest
second, how many that would be if all were spread evenly over the time in which they are due, and how many ran at once.
Exit code 1: there were more at once than the option concurrency allows, or a key without its renewal.`

const values = toolOptions({
  keys: { type: "string", default: "1000,10000,100000" },
  rounds: { type: "string", default: "15" },
  help: { type: "boolean" },
})
const sizes = values.keys.split(",").map(Number)
const rounds = Number(values.rounds)
if (values.help) {
  console.log(HELP)
} else if (!sizes.every(isCount)) {
  misused(`--keys must be whole numbers above 0, with commas between; got ${values.keys}`)
} else if (!isCount(rounds)) {
  misused(`--rounds must be a whole number above 0; got ${values.rounds}`)
} else if (globalThis.gc === undefined) {
  misused("start Node.js with --expose-gc, as npm run bench:pool does")
} else {
  await measureCosts()
  await showRenewals()
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 1
}

function misused(message: string): void {
  console.error(message)
  process.exitCode = 2
}

async function measureCosts(): Promise<void> {
  const pools: FilledPool[] = []
  // what is compiled and loaded once is no key's
  await (await FilledPool.fill(10_000)).close()
  for (const size of sizes) pools.push(await FilledPool.fill(size))
  const readings = pools.map((): Reading[] => [])
  for (let round = 1; round <= rounds; round++) {
    for (const [index, pool] of pools.entries()) readings[index]?.push(pool.read())
  }
  const nanoseconds = (index: number, kind: keyof Reading) => median((readings[index] ?? []).map((one) => one[kind]))
  const rows = pools.map(({ size, bytesPerKey, startMicroseconds }, index) => ({
    keys: size,
    "bytes per key": Math.round(bytesPerKey),
    "start (us)": Math.round(startMicroseconds),
    "current (ns)": Math.round(nanoseconds(index, "any")),
    "times the first": ratio(nanoseconds(index, "any"), nanoseconds(0, "any")),
    "of a Map (ns)": Math.round(nanoseconds(index, "map")),
    "a Map's times the first": ratio(nanoseconds(index, "map"), nanoseconds(0, "map")),
    "of a few (ns)": Math.round(nanoseconds(index, "few")),
    "a few's times the first": ratio(nanoseconds(index, "few"), nanoseconds(0, "few")),
  }))
  console.table(rows)
  await Promise.all(pools.map((pool) => pool.close()))
}

async function showRenewals(): Promise<void> {
  const rows = []
  for (const size of sizes) {
    const { renewed, busiestSecond, evenSecond, mostAtOnce, concurrency } = await countRenewals(size)
    if (mostAtOnce > concurrency || renewed < size) process.exitCode = 1
    rows.push({
      keys: size,
      "keys renewed": renewed,
      "busiest second": busiestSecond,
      "spread evenly": Math.ceil(evenSecond),
      "at once, at most": mostAtOnce,
      concurrency,
    })
  }
  console.table(rows)
}

function ratio(figure: number, first: number): number {
  return Math.round((figure / first) * 100) / 100
}
