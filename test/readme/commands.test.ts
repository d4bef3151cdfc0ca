import { existsSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, test } from "vitest"
import { NOT_RUN, RUN_AS_A_WHOLE, RUN_BY, testOf } from "./commands.js"
import { pages, ROOT, snippetsOf, type Page } from "./documents.js"

/** The commands that a page prints, one each, without comments. */
function commandsOf(page: Page): readonly string[] {
  const lines = snippetsOf(page, "sh").flatMap(({ text }) => text.replaceAll(/\\\n\s*/g, "").split("\n"))
  return lines.map((line) => line.replace(/\s+# .*$/, "").trim()).filter((line) => line !== "")
}

const printed = (await pages()).filter(({ path }) => RUN_AS_A_WHOLE[path] === undefined).flatMap(commandsOf)
const reasonFor = (command: string) => Object.keys(NOT_RUN).find((beginning) => command.startsWith(beginning))

test("every command that a page prints is run by a test, or is listed with the reason why not", () => {
  const unknown = printed.filter((command) => testOf(command) === undefined && reasonFor(command) === undefined)
  expect(unknown).toEqual([])
})

test("no command is listed that no page prints, and no test that is not there", () => {
  const gone = Object.keys(RUN_BY).filter((command) => !printed.includes(command))
  const needless = Object.keys(NOT_RUN).filter((beginning) => !printed.some((command) => command.startsWith(beginning)))
  const tests = [...printed.flatMap((command) => testOf(command) ?? []), ...Object.values(RUN_AS_A_WHOLE)]
  expect([...gone, ...needless, ...tests.filter((file) => !existsSync(join(ROOT, file)))]).toEqual([])
})

test("every script of npm that a page names is there", async () => {
  const { scripts } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as { scripts: object }
  const named = (await pages()).flatMap(({ path, text }) =>
    [...text.matchAll(/npm run ([a-z][a-z:-]*)/g)].map(([, name = ""]) => ({ path, name })),
  )
  expect(named.filter(({ name }) => !(name in scripts))).toEqual([])
})
