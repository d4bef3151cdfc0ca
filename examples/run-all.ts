/** Runs every example as a process of its own and looks at what it prints: `npm run test:examples`. */
import { readdir } from "node:fs/promises"
import { checkExample } from "./check-example.js"

const root = new URL("./", import.meta.url)
const entries = await readdir(root, { recursive: true })
const names = entries.filter((entry) => entry.endsWith("expected.txt")).map((entry) => entry.split(/[\\/]/)[0] ?? "")

let failed = 0
for (const name of names.sort()) {
  const { complaints, output } = await checkExample(new URL(`${name}/`, root))
  console.log(`${complaints.length === 0 ? "pass" : "FAIL"}  ${name}`)
  for (const complaint of complaints) console.log(`      ${complaint}`)
  if (complaints.length === 0) continue
  failed += 1
  console.log(output.replace(/^/gm, "      | "))
}
console.log(`${names.length - failed} passed, ${failed} failed`)
process.exitCode = failed === 0 && names.length > 0 ? 0 : 1
