import { execFile } from "node:child_process"
import { existsSync } from "node:fs"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { expect, test } from "vitest"
import { NOT_RUN, RUN_AS_A_WHOLE, RUN_BY } from "./commands.js"
import { pages, ROOT, snippetsOf, type Page } from "./documents.js"

const run = promisify(execFile)

/** The commands that a page prints, one each, without comments. */
function commandsOf(page: Page): readonly string[] {
  const lines = snippetsOf(page, "sh").flatMap(({ text }) => text.replaceAll(/\\\n\s*/g, "").split("\n"))
  return lines.map((line) => line.replace(/\s+# .*$/, "").trim()).filter((line) => line !== "")
}

const printed = (await pages()).filter(({ path }) => RUN_AS_A_WHOLE[path] === undefined).flatMap(commandsOf)
const reasonFor = (command: string) => Object.keys(NOT_RUN).find((beginning) => command.startsWith(beginning))

test("every command that a page prints is run by a test, or is listed with the reason why not", () => {
  const unknown = printed.filter((command) => RUN_BY[command] === undefined && reasonFor(command) === undefined)
  expect(unknown).toEqual([])
})

test("no command is listed that no page prints, and no test that is not there", () => {
  const gone = Object.keys(RUN_BY).filter((command) => !printed.includes(command))
  const needless = Object.keys(NOT_RUN).filter((beginning) => !printed.some((command) => command.startsWith(beginning)))
  const tests = [...Object.values(RUN_BY), ...Object.values(RUN_AS_A_WHOLE)]
  expect([...gone, ...needless, ...tests.filter((file) => !existsSync(join(ROOT, file)))]).toEqual([])
})

test("every script of npm that a page names is there", async () => {
  const { scripts } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as { scripts: object }
  const named = (await pages()).flatMap(({ path, text }) =>
    [...text.matchAll(/npm run ([a-z][a-z:-]*)/g)].map(([, name = ""]) => ({ path, name })),
  )
  expect(named.filter(({ name }) => !(name in scripts))).toEqual([])
})

test("the table of an outage in docs/fleet.md is what its command prints", async () => {
  const [, , command = ""] = /npm run (simulate) -- (--instances 1000 .*)/.exec(printed.join("\n")) ?? []
  const directory = await mkdtemp(join(tmpdir(), "evertoken-"))
  try {
    const main = join(ROOT, "packages/server/dist/main.js")
    const { stdout } = await run(process.execPath, [main, "simulate", ...command.split(" ")], { cwd: directory })
    const table = stdout.split("\n").filter((line) => line.startsWith("|"))
    const page = await readFile(join(ROOT, "docs/fleet.md"), "utf8")
    const [, outage = ""] = page.split("## An outage")
    const shown = outage.split("\n").filter((line) => line.startsWith("|"))
    // a row of those that only a fleet without an outage tells is left out
    expect(table.map(cells)).toEqual(expect.arrayContaining(shown.map(cells)))
    expect(shown.length).toBeGreaterThan(5)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})

const cells = (line: string) => line.split("|").map((cell) => cell.trim().replaceAll(/-{3,}:?/g, "---"))
