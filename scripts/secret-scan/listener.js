// Loaded into each process of a scanned run: looks at every event that the library publishes. Plain JavaScript, and
// nothing but what is built in, so that what a process loads stays its own business.
import { appendFileSync } from "node:fs"
import diagnostics from "node:diagnostics_channel"
import { syncBuiltinESMExports } from "node:module"
import { join } from "node:path"
import { inspect } from "node:util"
import { leakFinder } from "./leaks.js"

const { SECRET_SCAN_DIRECTORY: directory, SECRET_SCAN_CANARY: canary } = process.env
if (directory !== undefined && canary !== undefined) listen(directory, leakFinder(canary))

function listen(directory, findLeak) {
  const { channel } = diagnostics
  const heard = new Set()
  diagnostics.channel = (name) => {
    const found = channel(name)
    if (typeof name !== "string" || !name.startsWith("evertoken:") || heard.has(name)) return found
    heard.add(name)
    diagnostics.subscribe(name, (event) => hear(name, event))
    return found
  }
  syncBuiltinESMExports()

  const told = new Set()
  function hear(name, event) {
    if (!told.has(name)) appendFileSync(join(directory, "channels"), `${name}\n`)
    told.add(name)
    for (const text of [inspect(event, { depth: Infinity, showHidden: true }), JSON.stringify(event), String(event)]) {
      if (findLeak(text) !== undefined) appendFileSync(join(directory, "leaks"), `${name}: ${text}\n`)
    }
  }
}
