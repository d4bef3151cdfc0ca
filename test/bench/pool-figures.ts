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

/** Run as a program: pools of these sizes, in a process that has the memory for them. Tells their figures, in JSON. */
const [sizes = "1000", rounds = "3"] = process.argv.slice(2)
process.stdout.write(JSON.stringify(await figures(sizes.split(",").map(Number), Number(rounds))))

async function figures(sizes: readonly number[], rounds: number): Promise<readonly PoolFigures[]> {
  // what is compiled and loaded once is no key's
  await (await FilledPool.fill(10_000)).close()
  const filled = []
  for (const size of sizes) {
    const startedAt = performance.now()
    const pool = await FilledPool.fill(size)
    filled.push({
      pool,
      startSeconds: (performance.now() - startedAt) / 1_000,
      readings: [] as PoolFigures["readings"][number][],
    })
  }
  for (let round = 1; round <= rounds; round++) {
    for (const { pool, readings } of filled) readings.push({ ...pool.read(), awaited: await pool.awaited() })
  }
  const told: PoolFigures[] = []
  for (const { pool, ...one } of filled) {
    const { size, bytesPerKey } = pool
    await pool.close()
    told.push({
      size,
      bytesPerKey,
      ...one,
      processorTimePerRenewal: (await countRenewals(Math.min(size, MOST_RENEWED))).processorTime,
    })
  }
  return told
}
