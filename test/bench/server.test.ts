import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { expect, test } from "vitest"

const BENCH = fileURLToPath(new URL("server.ts", import.meta.url))

test("the bench of the server measures, and all clients are told of each new token", async () => {
  const few = ["--rounds", "1", "--seconds", "0.2", "--connections", "4", "--clients", "20", "--minutes", "0.01"]
  // how fast it is, is not judged here: the machine has other work
  const bench = promisify(execFile)(process.execPath, ["--import", "tsx", BENCH, ...few])
  const { stdout } = await bench.catch((failed: unknown) => failed as { readonly stdout: string })
  for (const who of ["bare fastify route", "evertoken serve"]) {
    const rows = stdout.split("\n").filter((line) => line.startsWith(`| ${who}`))
    const figures = rows.flatMap((row) => row.match(/\d+(\.\d+)?/g)?.map(Number) ?? [])
    expect(figures.filter((figure) => figure > 0)).toHaveLength(6)
  }
  expect(stdout).toContain("20 clients connected")
  const [, news] = /(\d+) news received/.exec(stdout) ?? []
  expect(Number(news)).toBeGreaterThanOrEqual(40)
})
