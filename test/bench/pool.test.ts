import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { expect, test } from "vitest"

const BENCH = fileURLToPath(new URL("pool.ts", import.meta.url))

function bench(...args: readonly string[]) {
  return promisify(execFile)(process.execPath, ["--expose-gc", "--import", "tsx", BENCH, ...args])
}

test("the bench of the pool measures, and finds each key renewed, as many at once as are allowed", async () => {
  const { stdout } = await bench("--keys", "1000", "--rounds", "1")
  const [costs, renewals] = stdout.split("\n").filter((line) => line.includes("│ 1000 "))
  const figures = (row = "") => row.match(/\d+(\.\d+)?/g)?.map(Number) ?? []
  expect(figures(costs).filter((figure) => figure > 0)).toHaveLength(9)
  const [, keys, renewed, , , mostAtOnce, concurrency] = figures(renewals)
  expect([keys, renewed, mostAtOnce]).toEqual([1_000, 1_000, concurrency])
})

test("the bench of the pool refuses sizes that are none", async () => {
  const refused = await bench("--keys", "1000,many").catch((error: unknown) => error)
  expect(refused).toMatchObject({ code: 2 })
  expect(refused).toHaveProperty("stderr", expect.stringContaining("--keys must be whole"))
})
