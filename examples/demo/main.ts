/** `npm start`: a real OAuth2 issuer, several processes that share one token over a file, and a live view of both. */
import { paintFor } from "./ansi.js"
import { Demo } from "./demo.js"
import { parseOptions } from "./options.js"
import { LivePresentation, PlainPresentation, printSummary } from "./presentation.js"

const SIGNAL_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const

const { stdin: input, stdout: output } = process
const options = parseOptions(process.argv, input.isTTY && output.isTTY)
const paint = paintFor(output, process.env)
const print = (line: string) => void output.write(`${line}\n`)
const presentation = options.isLive
  ? new LivePresentation({ input, output }, { paint, isAscii: options.isAscii })
  : new PlainPresentation(print)

const ending = new AbortController()
for (const [signal, code] of Object.entries(SIGNAL_CODES)) {
  process.on(signal, () => {
    process.exitCode = code
    ending.abort()
  })
}
// somebody has read enough: npm start | head
output.on("error", () => ending.abort())

const demo = await Demo.create(options, presentation)
process.on("exit", () => demo.sweep())
// before a message about it is printed
process.on("uncaughtExceptionMonitor", () => presentation.close())

presentation.open(() => ending.abort())
await demo.play(options, ending.signal)
presentation.close()
await demo.close()
printSummary(demo.scene, print)
