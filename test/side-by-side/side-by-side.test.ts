import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { expect, test } from "vitest"

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url))

async function bench(...args: readonly string[]): Promise<{ readonly stdout: string; readonly stderr: string }> {
  return promisify(execFile)(process.execPath, ["--import", "tsx", MAIN, ...args])
}

/** The cells of a row of the first table, without what they link to. */
function cellsOf(text: string, name: string): readonly string[] {
  const line = text.split("\n").find((one) => one.startsWith("|") && one.includes(`[${name}`))
  const [, , ...cells] = (line ?? "").split("|")
  return cells.slice(0, -1).map((cell) => cell.trim())
}

/** The smoke of a measurement: this library and the floor, in rounds too short to tell anything. */
async function smoke(name: string): Promise<string> {
  return (await bench("--only", name, "--peer", "none", "--quick")).stdout
}

test("what a read costs is told of the library and of the floor, with its ratio and its bytes", async () => {
  const text = await smoke("reads")
  const read = expect.stringMatching(/^[\d.]+ .?s, [\d.,]+×$/) as string
  const allocated = expect.stringMatching(/^\d+ B$/) as string
  expect(cellsOf(text, "the floor")).toEqual([read, read, allocated])
  expect(cellsOf(text, "evertoken")).toEqual([read, read, allocated])
})

test("what a token adds to a request is told of both ways to send one, and of what sends it, alone", async () => {
  const text = await smoke("requests")
  const rows = text.split("\n").filter((line) => line.includes("[evertoken]") && /µs|ns|ms/.test(line))
  const ways = rows.map((row) => row.split("|")[2]?.trim())
  expect(ways).toEqual(["a request", "a request by the interceptor", "interceptor of undici", "wrapper of fetch"])
  expect(cellsOf(text, "evertoken")).toEqual([
    expect.stringMatching(/^(< )?[\w.,]+( seen)? by fetch, (< )?[\w.,]+( seen)? by the interceptor$/),
  ])
})

/** How many rows each table has, by its title. */
function tablesOf(text: string): Readonly<Record<string, number>> {
  const sections = text.split(/^## /m).slice(1)
  return Object.fromEntries<number>(
    sections.map((section) => [
      section.split("\n")[0] ?? "",
      section.split("\n").filter((line) => line.startsWith("|")).length - 2,
    ]),
  )
}

test("a cold herd sends one request, whether of callers or of processes", async () => {
  const text = (await bench("--only", "herd", "--only", "processes", "--peer", "none", "--quick")).stdout
  expect(cellsOf(text, "evertoken")).toEqual([expect.stringMatching(/^1, [\d.]+ m?s$/)])
  expect(text).toMatch(/^\| 2 \| 1 \| [\d.]+ m?s/m)
})

test("of a pool is told what a read costs, and a key", async () => {
  expect(tablesOf(await smoke("keys"))).toEqual({
    "A read of a pool, by the number of its keys": 2,
    "What a pool costs, by the number of its keys": 2,
    "A token awaited, of a client with keys of its own": 1,
  })
})

test("each step of a renewal by each store is told, and each way to be taken over", async () => {
  const text = (await bench("--only", "steps", "--only", "takeover", "--quick")).stdout
  expect(tablesOf(text)).toEqual({
    "The process that renews for all is killed": 3,
    "A renewal that others share, step by step": 9,
  })
  expect(text).not.toContain("NaN")
})

test("each entry point is imported, and what is installed is weighed", async () => {
  const text = await smoke("imports")
  expect(cellsOf(text, "evertoken")).toEqual([expect.stringMatching(/s$/), expect.stringMatching(/^[\d.]+ MB$/)])
  const rows = text.split("\n").filter((line) => line.startsWith("| `evertoken"))
  expect(rows.find((row) => row.includes("`evertoken/http`"))).toMatch(/\|\s*\|$/)
  expect(rows.find((row) => row.includes("`evertoken`"))).toMatch(/pure-rand, rxjs \|$/)
})

test("a measurement or a peer that there is not ends it, with what to ask", async () => {
  for (const args of [["--only", "speed"], ["--peer", "everybody"], ["--fast"]]) {
    const refused = await bench(...args).catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 2 })
    expect(refused).toHaveProperty("stderr", expect.stringContaining("--help tells which there are"))
  }
})
