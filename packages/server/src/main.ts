import { systemClock } from "evertoken"
import { run } from "./command/program.js"
import { processTerminal } from "./command/terminal.js"

const EXIT_WITHIN_MS = 1_000

// who reads it has seen enough, such as head: the end that a shell knows from SIGPIPE
process.stdout.on("error", () => process.exit(141))
process.exitCode = await run(process.argv.slice(2), processTerminal())
// what does not end by itself, such as a connection to a store that hangs
systemClock.setTimer(() => process.exit(), EXIT_WITHIN_MS, { ref: false })
