import type { Terminal } from "../command/terminal.js"
import { formatDuration } from "./duration-option.js"

const STEPS = 10

/** One line on stderr that changes, or, where that goes to a file, a line now and then. */
export function progressOf(durationMs: number, stderr: Terminal["stderr"]): (simulatedMs: readonly number[]) => void {
  let stepsTold = 0
  return (simulatedMs) => {
    const shares = simulatedMs.map((atMs) => atMs / durationMs)
    const line = `${shares.map((share) => `${Math.floor(100 * share)} %`).join(", ")} of ${formatDuration(durationMs)} simulated`
    const steps = Math.floor(Math.min(...shares) * STEPS)
    if (stderr.isTTY === true) stderr.write(`\r\x1b[K${line}\r`)
    else if (steps > stepsTold) stderr.write(`${line}\n`)
    stepsTold = steps
  }
}
