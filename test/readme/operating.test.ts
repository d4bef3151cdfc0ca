import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, test } from "vitest"
import { ROOT } from "./documents.js"

const page = await readFile(join(ROOT, "docs/operating.md"), "utf8")

async function namesIn(file: string, pattern: RegExp): Promise<readonly string[]> {
  const text = await readFile(join(ROOT, "packages/evertoken/src", file), "utf8")
  return [...text.matchAll(pattern)].map(([, name = ""]) => name)
}

/** The first cells of the rows below a heading. */
function firstCells(heading: string): readonly string[] {
  const [, section = ""] = page.split(`\n## ${heading}\n`)
  const [own = ""] = section.split("\n## ")
  return [...own.matchAll(/^\| `([^`]+)` +\|/gm)].map(([, name = ""]) => name)
}

test("the runbook has every code that an error can have", async () => {
  const codes = await namesIn("errors.ts", /\| "(ERR_[A-Z_]+)"/g)
  expect(codes.length).toBeGreaterThan(10)
  expect([...firstCells("Runbook")].sort()).toEqual([...codes].sort())
})

test("every event is explained", async () => {
  const [, events = ""] = /interface TokenEvents \{(.*?)^\}/ms.exec(await source("events.ts")) ?? []
  const names = [...events.matchAll(/^ {2}"?([a-z-]+)"?: \{/gm)].map(([, name = ""]) => name)
  expect(names.length).toBeGreaterThan(8)
  expect(firstCells("Events").filter((cell) => !cell.startsWith("evertoken."))).toEqual(names)
})

test("every metric of OpenTelemetry is explained", async () => {
  const names = await namesIn("opentelemetry/token-metrics.ts", /(?:counter\(|")(?:"|evertoken\.)([a-z.]+)"/g)
  expect(names.length).toBeGreaterThan(8)
  expect(names.filter((name) => !page.includes(`\`evertoken.${name}\``))).toEqual([])
})

function source(file: string): Promise<string> {
  return readFile(join(ROOT, "packages/evertoken/src", file), "utf8")
}
