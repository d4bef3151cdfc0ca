import { readFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { afterAll, describe, expect, test } from "vitest"
import { scenarioJsonSchema } from "./format/scenario-schema.js"
import { readScenarios } from "./format/scenario-files.js"
import { isFor, play } from "./runner/play.js"
import { describeFailure } from "./runner/report.js"
import { STORES } from "./stores/stores.js"

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const found = await readScenarios(here("scenarios"))

describe.each(STORES)("on the store $name", (store) => {
  afterAll(() => store.end?.())

  test.each(found.filter((each) => isFor(each, store)).map((each) => [each.scenario.name, each] as const))(
    "%s",
    async (_name, each) => {
      expect(describeFailure(await play(each, store))).toBe("")
    },
  )
})

test("the JSON schema beside the scenarios is the one that they are checked by", async () => {
  const written: unknown = JSON.parse(await readFile(here("scenario.schema.json"), "utf8"))
  expect(written).toEqual(scenarioJsonSchema())
})

test("the table of the README tells for each row which scenarios cover it", async () => {
  const readme = await readFile(here("README.md"), "utf8")
  const rows = [...readme.matchAll(/^\| `([^`]+)` +\| .* \| (.*?) *\|$/gm)]
  const listed = rows.map(([, id = "", names = ""]) => [id, names.split("<br>")] as const)
  const covered = new Map<string, string[]>()
  for (const { scenario } of found) {
    for (const id of scenario.covers ?? []) covered.set(id, [...(covered.get(id) ?? []), scenario.name])
  }
  expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(covered))
})

test("there are at least 80 scenarios", () => {
  expect(found.length).toBeGreaterThanOrEqual(80)
})
