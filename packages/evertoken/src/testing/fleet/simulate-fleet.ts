import { setImmediate as turnOfEventLoop } from "node:timers/promises"
import { VirtualClock } from "../virtual-clock.js"
import { CatchingUp } from "./catching-up.js"
import { Fleet } from "./fleet.js"
import { FleetIssuer } from "./fleet-issuer.js"
import { fleetSettings, type FleetOptions } from "./fleet-options.js"
import { fleetReport, type FleetReport } from "./fleet-report.js"
import { SecondCounts } from "./second-counts.js"

export type { FleetOptions, FleetOutage } from "./fleet-options.js"
export type { FleetOutageReport, FleetReport } from "./fleet-report.js"

// each instance reads in one of so many turns: what happens between two reads of one is seen by another
const TURNS = 10
const MINUTE = 60_000

/**
 * What a fleet does to its issuer, and an issuer's outage to the fleet. Each instance is what
 * `TokenWatcher.start(new CachedTokenSource(source, { caches }), { jitter })` makes in a process of its own, on a virtual
 * clock; what they share is the issuer, and perhaps a store. All that the options do not name is the library's default.
 *
 * The same options give the same report. A day of 10,000 instances takes some tens of seconds of this thread, which is
 * free for others once in a minute of the simulation.
 * @throws TypeError naming the option.
 */
export async function simulateFleet(options: FleetOptions = {}): Promise<FleetReport> {
  const settings = fleetSettings(options)
  const { durationMs, readEveryMs, outages, onProgress } = settings
  const clock = new VirtualClock({ settle: microtasksDone })
  const issuer = new FleetIssuer(clock, settings)
  const fleet = new Fleet(issuer, clock, settings)
  const start = new CatchingUp(fleet, clock, 0)
  const recoveries = outages.map((outage) => {
    return { outage, recovery: new CatchingUp(fleet, clock, outage.startsAtMs + outage.lastsMs) }
  })
  const failedReads = new SecondCounts(durationMs)
  let reads = 0
  const stepMs = readEveryMs / TURNS
  let toldAtMs = 0
  for (let step = 0; step * stepMs < durationMs; step++) {
    const atMs = step * stepMs
    const seen = fleet.read(step % TURNS, TURNS)
    reads += seen.reads
    failedReads.count(atMs, seen.failed)
    if (atMs >= toldAtMs + MINUTE) {
      toldAtMs = atMs
      onProgress(atMs)
      await turnOfEventLoop()
    }
    await clock.advance(Math.min(stepMs, durationMs - atMs))
  }
  return fleetReport({ issuer, reads, failedReads, failedInstances: fleet.failed, start, recoveries })
}

/** All that is under way is promises: a turn of the event loop for each timer would be most of the work. */
function microtasksDone(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve))
}
