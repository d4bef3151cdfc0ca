// Simulates one fleet in a process of its own: several at once take the time of one, as far as there are cores.
import { simulateFleet, type FleetOptions, type FleetReport } from "evertoken/testing"

/** What the process tells. */
export type FleetMessage = { readonly simulatedMs: number } | { readonly report: FleetReport }

// an outage makes a million errors, of which nobody looks at the stack
Error.stackTraceLimit = 0

process.once("message", (options: unknown) => {
  if (!isOptions(options)) throw new TypeError("what is to be simulated is not told")
  const onProgress = (simulatedMs: number) => void tell({ simulatedMs })
  void simulateFleet({ ...options, onProgress })
    .then((report) => tell({ report }))
    .then(() => process.disconnect())
})

/** Resolves when it is sent: what is under way when the process disconnects would be lost. */
function tell(message: FleetMessage): Promise<void> {
  return new Promise((resolve) => process.send?.(message, undefined, undefined, () => resolve()))
}

/** They come from the process that has started this one. */
function isOptions(value: unknown): value is FleetOptions {
  return typeof value === "object" && value !== null
}
