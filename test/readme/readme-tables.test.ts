import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, test } from "vitest"
import { EVERTOKEN, peers, versionOf, wantedVersions } from "../torture/peers.js"
import { scenarios } from "../torture/scenarios/index.js"
import { ROOT } from "./documents.js"
import { readResults } from "./read-results.js"
import { filled, quoting, QUOTING_PAGES } from "./readme-tables.js"

/** Without what only a formatter sees. */
const plain = (text: string) => text.replaceAll(/ {2,}/g, " ").replaceAll(/:-+:|:?-{3,}:?/g, "---")

test("the tables of the README are those of the results: else npm run readme", async () => {
  const readme = await readFile(join(ROOT, "README.md"), "utf8")
  expect(plain(filled(readme, await readResults()))).toBe(plain(readme))
})

test.each(QUOTING_PAGES)("the tables that %s quotes are those of the results: else npm run readme", async (path) => {
  const page = await readFile(join(ROOT, path), "utf8")
  const { bench = "" } = await readResults()
  expect(page).toContain(": begin -->")
  expect(plain(quoting(page, bench))).toBe(plain(page))
})

test("the results are of the scenarios that there are, and of the versions that test/peers asks for", async () => {
  const { torture, bench = "" } = await readResults()
  const titles = [...torture.matchAll(/^\| \*\*(.*?)\*\*<br>/gm)].map(([, title]) => title)
  expect(titles).toEqual(scenarios.map(({ title }) => title))
  const wanted = wantedVersions()
  const named = peers.map(({ name, package: packageName }) => {
    const version = packageName === EVERTOKEN.package ? versionOf(packageName) : wanted[packageName]
    return `[${name}](../peers/${name}.js) ${version ?? "none"}`
  })
  for (const results of [torture, bench]) expect(named.filter((one) => !results.includes(one))).toEqual([])
})

test("what was seen is left out, and the mark, the date and the machine are kept", () => {
  const readme =
    "# A\n\n<!-- torture: begin -->\nold\n<!-- torture: end -->\n\n<!-- bench: begin --><!-- bench: end -->\n"
  const torture = [
    "Made by `npm run torture` on 2026-01-01, a machine.",
    "",
    "|  | [a-b](../peers/a-b.js) 1.0 | [c](../peers/c.js) 2.0 |",
    "| --- | --- | --- |",
    "| **cold**<br>[program](x.js); ok: one | ✅ 1 request | ❌ 2 \\| 3 requests |",
    "| **down**<br>[program](z.js); ok: all | ✅ served | 🔧 0 served; with `a: 1`: all served |",
    "| **late**<br>[program](y.js); ok: one | ✅ 1 request | – it sends none |",
  ]
  const bench = "Made by `npm run bench` on X, Y.\n\n<!-- main: begin -->\n\n[p](programs/p.js)\n\n<!-- main: end -->\n"
  expect(filled(readme, { torture: torture.join("\n"), bench })).toBe(
    [
      "# A\n\n<!-- torture: begin -->\n\nMade by `npm run torture` on 2026-01-01, a machine.\n",
      "1. cold\n2. down\n3. late\n\n|  | 1 | 2 | 3 | held up | with 🔧 |\n| --- | :---: | :---: | :---: | :---: | :---: |",
      "| a-b 1.0 | ✅ | ✅ | ✅ | 3 of 3 | 3 of 3 |\n| c 2.0 | ❌ | 🔧 | – | 0 of 2 | 1 of 2 |\n\n<!-- torture: end -->\n",
      "<!-- bench: begin -->\n\nMade by `npm run bench` on X, Y.\n\n[p](test/side-by-side/programs/p.js)\n",
      "<!-- bench: end -->\n",
    ].join("\n"),
  )
})
