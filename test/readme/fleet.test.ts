import { execFile } from "node:child_process"
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { ROOT } from "./documents.js"

const run = promisify(execFile)
const MAIN = join(ROOT, "packages/server/dist/main.js")

const page = await readFile(join(ROOT, "docs/fleet.md"), "utf8")
const [whole = "", outage = ""] = page.split("## An outage")

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "evertoken-"))
  await mkdir(join(directory, "docs"))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

/** What the command of a section prints, as rows of cells. */
async function printedBy(section: string): Promise<readonly (readonly string[])[]> {
  const [, command = ""] = /^npm run simulate -- (.*)$/m.exec(section) ?? []
  // as npm run tells a script its name: the chart says by which command it was made
  const env = { ...process.env, npm_lifecycle_event: "simulate" }
  const { stdout } = await run(process.execPath, [MAIN, "simulate", ...command.split(" ")], { cwd: directory, env })
  return tableIn(stdout)
}

function tableIn(text: string): readonly (readonly string[])[] {
  const lines = text.split("\n").filter((line) => line.startsWith("|"))
  return lines.map((line) => line.split("|").map((cell) => cell.trim().replaceAll(/-{3,}:?/g, "---")))
}

describe("docs/fleet.md", () => {
  test("its table and its chart are what the command prints, and the chart's text tells the same", async () => {
    const printed = await printedBy(whole)
    expect(tableIn(whole)).toEqual(printed)
    const [made, chart] = await Promise.all(
      [directory, ROOT].map((folder) => readFile(join(folder, "docs/fleet.svg"), "utf8")),
    )
    expect(made).toBe(chart)
    const busiest = printed.find(([, name]) => name === "… in the busiest second")?.slice(2, -1) ?? []
    const [, alternative = ""] = /^!\[(.*?)\]/m.exec(whole) ?? []
    expect(alternative.match(/, (\d+)(?= in the busiest|;|$)/g)).toEqual(busiest.map((figure) => `, ${figure}`))
  })

  test("its table of an outage is what the command prints", async () => {
    const shown = tableIn(outage)
    expect(shown.length).toBeGreaterThan(5)
    // a row of those that only a fleet without an outage tells is left out
    expect(await printedBy(outage)).toEqual(expect.arrayContaining([...shown]))
  })
})
