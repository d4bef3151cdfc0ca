import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { format, resolveConfig } from "prettier"
import { ROOT } from "./documents.js"
import { readResults } from "./read-results.js"
import { filled, quoting, QUOTING_PAGES } from "./readme-tables.js"

// fills the tables of the README, and those that other pages quote, from the results that are kept: npm run readme
const results = await readResults()

async function fill(path: string, made: (text: string) => string): Promise<void> {
  const file = join(ROOT, path)
  const text = made(await readFile(file, "utf8"))
  await writeFile(file, await format(text, { ...(await resolveConfig(file)), parser: "markdown" }))
}

await fill("README.md", (text) => filled(text, results))
for (const page of QUOTING_PAGES) await fill(page, (text) => quoting(text, results.bench ?? ""))
