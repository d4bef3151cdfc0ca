import type { FleetOptions, FleetReport } from "evertoken/testing"
import { formatDuration } from "./duration-option.js"

/** What the fleets that are compared have in common, and what makes the difference. */
export interface Comparison {
  readonly common: FleetOptions & { readonly instances: number; readonly durationMs: number }
  readonly jitterMs: number
  readonly instancesPerStore: number
}

export interface ComparedFleet {
  readonly name: string
  readonly options: FleetOptions
}

export interface SimulatedFleet extends ComparedFleet {
  readonly report: FleetReport
}

/** The same fleet without jitter, with it, and with it and shared stores. */
export function comparedFleets({ common, jitterMs, instancesPerStore }: Comparison): ComparedFleet[] {
  const jitter = `${formatDuration(jitterMs)} of jitter`
  return [
    { name: "no jitter", options: { ...common, jitterMs: 0 } },
    { name: jitter, options: { ...common, jitterMs } },
    { name: `${jitter}, one token for ${instancesPerStore}`, options: { ...common, jitterMs, instancesPerStore } },
  ]
}
