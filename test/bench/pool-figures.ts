import { FilledPool, type Reading } from "./pool-filling.js"
import { countRenewals } from "./pool-renewals.js"

/** What a pool of a size costs. */
export interface PoolFigures {
  readonly size: number
  readonly bytesPerKey: number
  readonly startSeconds: number
  /** One of each round. */
  readonly readings: readonly (Reading & { readonly awaited: number })[]
  readonly processorTimePerRenewal: number
}

// an hour of more of them takes many minutes, and each costs the same
const MOST_RENEWED = 100_000

/** Run as a program: a pool of this size, in a process that has the memory for it. Tells its figures, in JSON. */
const [size = "1000", rounds = "3"] = process.argv.slice(2)
process.stdout.write(JSON.stringify(await figures(Number(size), Number(rounds))))

async function figures(size: number, rounds: number): Promise<PoolFigures> {
  // what is compiled and loaded once is no key's
  await (await FilledPool.fill(10_000)).close()
  const startedAt = performance.now()
  const pool = await FilledPool.fill(size)
  const startSeconds = (performance.now() - startedAt) / 1_000
  const readings: PoolFigures["readings"][number][] = []
  for (let round = 1; round <= rounds; round++) readings.push({ ...pool.read(), awaited: await pool.awaited() })
  const { bytesPerKey } = pool
  await pool.close()
  const { processorTime: processorTimePerRenewal } = await countRenewals(Math.min(size, MOST_RENEWED))
  return { size, bytesPerKey, startSeconds, readings, processorTimePerRenewal }
}
