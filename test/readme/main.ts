import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { format, resolveConfig } from "prettier"
import { ROOT } from "./documents.js"
import { readResults } from "./read-results.js"
import { filled } from "./readme-tables.js"

// fills the tables of the README from the results that are kept: npm run readme
const file = join(ROOT, "README.md")
const text = filled(await readFile(file, "utf8"), await readResults())
await writeFile(file, await format(text, { ...(await resolveConfig(file)), parser: "markdown" }))
