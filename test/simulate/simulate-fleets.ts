import { fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import type { FleetReport } from "evertoken/testing"
import type { ComparedFleet, SimulatedFleet } from "./compared-fleets.js"
import type { FleetMessage } from "./fleet-process.js"

const PROCESS = fileURLToPath(new URL("fleet-process.ts", import.meta.url))
// most of what a simulation makes is garbage at once
const YOUNG_HEAP = "--max-semi-space-size=64"

/** Simulates all of them at once. `onProgress` is told how far each of them is. */
export function simulateFleets(
  fleets: readonly ComparedFleet[],
  onProgress: (simulatedMs: readonly number[]) => void = () => undefined,
): Promise<SimulatedFleet[]> {
  const simulatedMs = fleets.map(() => 0)
  return Promise.all(
    fleets.map(async (fleet, index) => {
      const report = await reportOf(fleet, (atMs) => {
        simulatedMs[index] = atMs
        onProgress(simulatedMs)
      })
      return { ...fleet, report }
    }),
  )
}

async function reportOf({ options }: ComparedFleet, onProgress: (atMs: number) => void): Promise<FleetReport> {
  const child = fork(PROCESS, { execArgv: ["--import", "tsx", YOUNG_HEAP], serialization: "advanced" })
  let report: FleetReport | undefined
  child.on("message", (received) => {
    const message = received as FleetMessage
    if ("report" in message) report = message.report
    else onProgress(message.simulatedMs)
  })
  child.send(options)
  // not at its exit: messages may be under way yet
  await once(child, "disconnect")
  if (report === undefined) throw new Error("a simulation ended without a report")
  return report
}
