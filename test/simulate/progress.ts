import { formatDuration } from "./duration-option.js"

const STEPS = 10

/** One line on stderr that changes, or, where that goes to a file, a line now and then. */
export function progressOf(durationMs: number): (simulatedMs: readonly number[]) => void {
  let stepsTold = 0
  return (simulatedMs) => {
    const shares = simulatedMs.map((atMs) => atMs / durationMs)
    const line = `${shares.map((share) => `${Math.floor(100 * share)} %`).join(", ")} of ${formatDuration(durationMs)} simulated`
    const steps = Math.floor(Math.min(...shares) * STEPS)
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}\r`)
    else if (steps > stepsTold) process.stderr.write(`${line}\n`)
    stepsTold = steps
  }
}
