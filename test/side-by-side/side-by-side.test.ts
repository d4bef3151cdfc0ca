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
    expect.stringMatching(/^-?[\d.,]+ by fetch, -?[\d.,]+ by the interceptor$/),
  ])
})

test("a measurement or a peer that there is not ends it, with what to ask", async () => {
  for (const args of [["--only", "speed"], ["--peer", "everybody"], ["--fast"]]) {
    const refused = await bench(...args).catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 2 })
    expect(refused).toHaveProperty("stderr", expect.stringContaining("--help tells which there are"))
  }
})
