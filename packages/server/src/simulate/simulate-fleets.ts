import { fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import type { FleetReport } from "evertoken/testing"
import type { ComparedFleet, SimulatedFleet } from "./compared-fleets.js"
import type { FleetMessage } from "./fleet-process.js"

// as it is written, or as it is built
const IS_SOURCE = import.meta.url.endsWith(".ts")
const PROCESS = fileURLToPath(new URL(IS_SOURCE ? "fleet-process.ts" : "fleet-process.js", import.meta.url))
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
  const child = fork(PROCESS, {
    execArgv: [...(IS_SOURCE ? ["--import", "tsx"] : []), YOUNG_HEAP],
    serialization: "advanced",
  })
  let report: FleetReport | undefined
  child.on("message", (message: unknown) => {
    if (!isMessage(message)) return
    if ("report" in message) report = message.report
    else onProgress(message.simulatedMs)
  })
  child.send(options)
  // not at its exit: messages may be under way yet
  await once(child, "disconnect")
  if (report === undefined) throw new Error("a simulation ended without a report")
  return report
}

/** They come from a process of this one's making. */
function isMessage(value: unknown): value is FleetMessage {
  return typeof value === "object" && value !== null && ("report" in value || "simulatedMs" in value)
}
