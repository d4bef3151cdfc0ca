/** `npm run conformance`: plays scenarios against stores. */
import { fileURLToPath } from "node:url"
import { run } from "./runner/run.js"

process.exitCode = await run(process.argv.slice(2), {
  defaultScenarios: fileURLToPath(new URL("scenarios", import.meta.url)),
  print: (line) => void process.stdout.write(`${line}\n`),
})
