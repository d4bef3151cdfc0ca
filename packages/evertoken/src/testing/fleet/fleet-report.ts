import type { CatchingUp } from "./catching-up.js"
import type { FleetIssuer } from "./fleet-issuer.js"
import type { FleetOutage } from "./fleet-options.js"
import { most, sum, type SecondCounts } from "./second-counts.js"

/** What the issuer and the readers of a simulated fleet saw. Times are milliseconds of virtual time. */
export interface FleetReport {
  /** How often in each second of the simulation: its length is that of `durationMs`. */
  readonly perSecond: {
    /** Requests that the issuer answered with a token. */
    readonly granted: Uint32Array
    /** Requests over its limit, which it answered 429. */
    readonly rejected: Uint32Array
    /** Requests in an outage, which did not reach it. */
    readonly unanswered: Uint32Array
    /** Reads by an instance that had a token before, and found none that is valid. */
    readonly failedReads: Uint32Array
  }
  readonly granted: number
  readonly rejected: number
  readonly unanswered: number
  readonly reads: number
  readonly failedReads: number
  /** How many instances had a failed read. */
  readonly failedInstances: number
  /** When every instance had its first token, since the start, in milliseconds; undefined: never. */
  readonly startedAfterMs: number | undefined
  /** Requests that reached the issuer in a second, on average, once every instance had started. */
  readonly meanPerSecond: number
  /** The same in the busiest second. */
  readonly peakPerSecond: number
  readonly outages: readonly FleetOutageReport[]
}

/** What an outage did to a fleet. */
export interface FleetOutageReport extends FleetOutage {
  /** Requests in its busiest second. None of them reached the issuer. */
  readonly peakUnansweredPerSecond: number
  /** How many instances had no fresh token when it ended. */
  readonly overdue: number
  /** From its end until all of these had one, in milliseconds; undefined: some never had. */
  readonly recoveredAfterMs: number | undefined
  /** Requests that reached the issuer in the busiest second of that time. */
  readonly peakPerSecond: number
}

/** What the parts of a simulation have counted. */
export interface FleetCounts {
  readonly issuer: FleetIssuer
  readonly reads: number
  readonly failedReads: SecondCounts
  readonly failedInstances: number
  readonly start: CatchingUp
  readonly recoveries: readonly { readonly outage: FleetOutage; readonly recovery: CatchingUp }[]
}

export function fleetReport({ issuer, start, recoveries, ...reading }: FleetCounts): FleetReport {
  const [granted, rejected] = [issuer.granted.perSecond, issuer.rejected.perSecond]
  const [unanswered, failedReads] = [issuer.unanswered.perSecond, reading.failedReads.perSecond]
  const reached = granted.map((count, second) => count + (rejected[second] ?? 0))
  const sinceStart = between(reached, start.tookMs ?? 0, Infinity)
  return {
    perSecond: { granted, rejected, unanswered, failedReads },
    granted: sum(granted),
    rejected: sum(rejected),
    unanswered: sum(unanswered),
    reads: reading.reads,
    failedReads: sum(failedReads),
    failedInstances: reading.failedInstances,
    startedAfterMs: start.tookMs,
    meanPerSecond: sum(sinceStart) / Math.max(1, sinceStart.length),
    peakPerSecond: most(sinceStart),
    outages: recoveries.map(({ outage, recovery }) => outageReport(outage, recovery, { reached, unanswered })),
  }
}

function outageReport(
  outage: FleetOutage,
  { overdue, tookMs }: CatchingUp,
  { reached, unanswered }: { readonly reached: Uint32Array; readonly unanswered: Uint32Array },
): FleetOutageReport {
  const endsAtMs = outage.startsAtMs + outage.lastsMs
  return {
    ...outage,
    peakUnansweredPerSecond: most(between(unanswered, outage.startsAtMs, endsAtMs)),
    overdue,
    recoveredAfterMs: tookMs,
    peakPerSecond: most(between(reached, endsAtMs, endsAtMs + (tookMs ?? Infinity))),
  }
}

function between(perSecond: Uint32Array, fromMs: number, toMs: number): Uint32Array {
  return perSecond.subarray(Math.floor(fromMs / 1_000), Math.ceil(toMs / 1_000))
}
