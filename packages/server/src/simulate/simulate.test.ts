import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { FleetReport } from "evertoken/testing"
import { expect, test } from "vitest"
import { runUnderTest } from "../testing/terminal-under-test.js"
import { busiestSeconds } from "./busiest-seconds.js"
import { formatDuration, parseDuration } from "./duration-option.js"

const DOCS = fileURLToPath(new URL("../../../../docs", import.meta.url))

interface Figures {
  readonly name: string
  readonly figures: Omit<FleetReport, "perSecond">
}

function run(...options: string[]) {
  return runUnderTest(["simulate", ...options])
}

async function inDirectory(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "evertoken-simulate-"))
  try {
    await use(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

test("the command compares three fleets: jitter lowers the peak, a shared token the number of requests, and no read fails", async () => {
  await inDirectory(async (directory) => {
    const [svg, json] = [join(directory, "new/fleet.svg"), join(directory, "fleet.json")]
    const fleet = ["--instances", "120", "--per-store", "20", "--start", "5s", "--duration", "4h"]
    // begins as a fleet without jitter is due, and ends before its tokens do
    const outage = ["--outage", "10m", "--outage-at", "135m"]
    const { code, out, err } = await run(...fleet, ...outage, "--svg", svg, "--json", json)
    expect([code, err]).toEqual([0, expect.stringContaining(` of 4 h simulated\nwritten: ${svg}\nwritten: ${json}\n`)])

    const figures = JSON.parse(await readFile(json, "utf8")) as Figures[]
    const names = ["no jitter", "5 min of jitter", "5 min of jitter, one token for 20"]
    expect(figures.map(({ name }) => name)).toEqual(names)
    expect(
      out
        .split("\n")[0]
        ?.split("|")
        .map((cell) => cell.trim()),
    ).toEqual(["", "", ...names, ""])
    const [without, withJitter, shared] = figures.map((each) => each.figures)
    expect(withJitter?.peakPerSecond).toBeLessThan((without?.peakPerSecond ?? 0) / 3)
    expect(shared?.granted).toBeLessThanOrEqual((withJitter?.granted ?? 0) / 10)
    expect(without?.outages).toMatchObject([{ overdue: 120 }])
    for (const each of figures)
      expect(each.figures).toMatchObject({ reads: expect.any(Number) as number, failedReads: 0 })

    const chart = await readFile(svg, "utf8")
    expect(chart).toMatch(/^<svg .*<\/svg>\n$/s)
    for (const text of ["No jitter", "Requests per second", "1 h", "prefers-color-scheme: dark", "down: "]) {
      expect(chart).toContain(text)
    }
    expect(chart).toContain("<desc>evertoken simulate --instances 120 ")
    expect(chart.match(/class="granted" d="M/g)).toHaveLength(3)
  })
})

test("a fleet that starts at once, at an issuer that gives few tokens, is told what it was refused", async () => {
  await inDirectory(async (directory) => {
    const limits = ["--limit", "5", "--retry-after", "2s", "--start", "0", "--duration", "2m"]
    const svg = join(directory, "fleet.svg")
    const { code, out } = await run("--instances", "40", "--per-store", "4", ...limits, "--svg", svg)
    expect(code).toBe(0)
    expect(out).toMatch(/requests answered 429 +\| +[1-9]/)
    const chart = await readFile(svg, "utf8")
    for (const text of ["40 instances start at once", "429, too many requests"]) expect(chart).toContain(text)
  })
})

test.each([
  [["--instances", "0"], "--instances must be a whole number above 0; got 0\n"],
  [["--jitter", "5"], "--jitter must be a time such as 30s, 5m or 1h; got 5\n"],
  [["--lifetime", "1ms"], "--lifetime must be a time such as 30s, 5m or 1h, of at least 1000 ms; got 1ms\n"],
  [["--outage", "2d"], "--outage must be over before --duration is\n"],
])("options %o are refused in one line", async (options, message) => {
  expect(await run(...options)).toEqual({ code: 2, out: "", err: `evertoken: ${message}  evertoken simulate --help\n` })
})

test("the chart in the documentation says which command made it, and the text beside it says the same", async () => {
  const [chart, text] = await Promise.all(["fleet.svg", "fleet.md"].map((file) => readFile(join(DOCS, file), "utf8")))
  const [, command = "no command"] = /<desc>(.*)<\/desc>/.exec(chart ?? "") ?? []
  expect(command).toMatch(/^npm run simulate -- .*--svg docs\/fleet.svg$/)
  expect(text).toContain(`\n${command}\n`)
})

test("of each span the busiest second is shown, as it was; what reached nobody has one of its own", () => {
  const perSecond = {
    granted: Uint32Array.of(1, 2, 0, 3),
    rejected: Uint32Array.of(5, 0, 0, 0),
    unanswered: Uint32Array.of(0, 0, 7, 0),
    failedReads: new Uint32Array(4),
  }
  expect(busiestSeconds({ perSecond }, 2)).toEqual([
    { granted: 1, rejected: 5, unanswered: 0 },
    { granted: 3, rejected: 0, unanswered: 7 },
  ])
  // a short simulation on a wide chart
  expect(busiestSeconds({ perSecond }, 8).map(({ granted }) => granted)).toEqual([1, 1, 2, 2, 0, 0, 3, 3])
})

test("a time is typed with its unit, and shown rounded", () => {
  expect(["0", "500ms", "30s", "1.5h", "1d"].map(parseDuration)).toEqual([0, 500, 30_000, 5_400_000, 86_400_000])
  expect(["", "5", "5 m", "-1s", "5y", "s"].map(parseDuration)).toEqual(Array.from({ length: 6 }, () => undefined))
  expect([0, 800, 59_000, 90_000, 5_400_000].map(formatDuration)).toEqual(["0", "0.8 s", "59 s", "1.5 min", "1.5 h"])
})
