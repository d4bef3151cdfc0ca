import { existsSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { pages, proseOf, ROOT, type Page } from "./documents.js"

/** Programs are compiled and commands run on every page. What is in another language is read by a test, by page. */
const ON_EVERY_PAGE = ["sh", "ts"]
const READ_BY: Readonly<Record<string, string>> = {
  "docs/any-language.md go": "test/readme/any-language.test.ts",
  "docs/any-language.md python": "test/readme/any-language.test.ts",
  "docs/http-api.md yaml": "packages/server/src/http/metrics.test.ts",
  "docs/operating.md yaml": "packages/server/src/http/metrics.test.ts",
  "docs/session-database.md sql": "packages/session/src/database/token-statements.test.ts",
  "examples/server/README.md yaml": "packages/server/src/config/config-template.test.ts",
  "packages/server/README.md yaml": "packages/server/src/config/config-template.test.ts",
  "packages/server/README.md text": "packages/server/src/config/read-config.test.ts",
  "test/conformance/scenarios/README.md json": "test/conformance/runner.test.ts",
  "ARCHITECTURE.md text": "a drawing",
}

/** Fences that no test reads: of a language that none knows, or drawn in a way that none sees. */
function unreadIn(page: Page): readonly string[] {
  const opened = page.text.match(/^[ >]*(?:```|~~~).*$/gm)?.filter((_, i) => i % 2 === 0) ?? []
  const unread = opened.filter((fence) => {
    const [, language = ""] = /^ *```([a-z]+)$/.exec(fence) ?? []
    return !ON_EVERY_PAGE.includes(language) && READ_BY[`${page.path} ${language}`] === undefined
  })
  // four spaces are a fence, too, but in a list
  const indented = proseOf(page).match(/(?<=^(?![ *-]|\d+\.).*\n\n) {4}.*\S/gm) ?? []
  return [...unread, ...indented].map((what) => `${page.path}: ${what}`)
}

/** The reports of the API are made, and checked by `npm run api:check`. */
const written = async () => (await pages()).filter(({ path }) => !path.endsWith(".api.md"))

test("whatever stands between fences is read by a test", async () => {
  expect((await written()).flatMap(unreadIn)).toEqual([])
})

test("no fences are listed that no page has, and no test that is not there", async () => {
  const all = await written()
  const gone = Object.keys(READ_BY).filter((key) => {
    const [path = "", language = ""] = key.split(" ")
    return !all.some((page) => page.path === path && page.text.includes(`\`\`\`${language}\n`))
  })
  const tests = Object.values(READ_BY).filter((by) => by.includes("/"))
  expect([...gone, ...tests.filter((file) => !existsSync(join(ROOT, file)))]).toEqual([])
})

test("a fence of another kind is found", () => {
  const text = [
    ...["Page", "", "```bash", "evertoken x", "```", "", "~~~sh", "evertoken x", "~~~", "", "```ts twoslash", "x()"],
    ...["```", "", "Indented:", "", "    evertoken x", "", "- a list", "", "    goes on", "", "```sh", "ls", "```", ""],
  ].join("\n")
  expect(unreadIn({ path: "p.md", text })).toEqual([
    ...["p.md: ```bash", "p.md: ~~~sh", "p.md: ```ts twoslash", "p.md:     evertoken x"],
  ])
})
