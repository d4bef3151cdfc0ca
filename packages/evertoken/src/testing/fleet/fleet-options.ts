import { assertMilliseconds, LONGEST_TIMER_MS } from "../../milliseconds.js"
import { assertOptions, type OptionNames } from "../../options-object.js"
import { shownValue } from "../../shown-value.js"

/** A time in which the issuer cannot be reached. */
export interface FleetOutage {
  /** From the start of the simulation, in milliseconds. */
  readonly startsAtMs: number
  /** In milliseconds. */
  readonly lastsMs: number
}

/** The fleet, its issuer, and what goes wrong. The same options and seed give the same report. */
export interface FleetOptions {
  /** How many processes keep a token ready, each with a watcher of its own. Default 1,000. */
  readonly instances?: number | undefined
  /** How many of them share a store, as the processes of a host share a file. Default 1: a token for each. */
  readonly instancesPerStore?: number | undefined
  /** They start at random moments of this time, in milliseconds; those that share a store together. Default 60,000. */
  readonly startWithinMs?: number | undefined
  /** For how long to simulate, in milliseconds. Default 86,400,000: a day. */
  readonly durationMs?: number | undefined
  /** For how long a token lasts, in milliseconds. Default 3,600,000. */
  readonly lifetimeMs?: number | undefined
  /** How much earlier than necessary to renew, at most, in milliseconds; 0: no jitter. Default: as `randomEarly()`. */
  readonly jitterMs?: number | undefined
  /** How long the issuer takes to answer, in milliseconds. Default 50. */
  readonly latencyMs?: number | undefined
  /** How many tokens the issuer gives in a second, at most; what is over that is answered 429. Default: no limit. */
  readonly limitPerSecond?: number | undefined
  /** `Retry-After` of a 429, in milliseconds. Default: none. */
  readonly retryAfterMs?: number | undefined
  /** Default: none. */
  readonly outages?: readonly FleetOutage[] | undefined
  /** How often each instance reads its token, in milliseconds. Default 30,000. */
  readonly readEveryMs?: number | undefined
  /** Whole number; the same one gives the same result. Default 1. */
  readonly seed?: number | undefined
  /** Called after each minute of the simulation, with the time since its start. */
  readonly onProgress?: ((simulatedMs: number) => void) | undefined
}

const NAMES: OptionNames<FleetOptions> = {
  instances: true,
  instancesPerStore: true,
  startWithinMs: true,
  durationMs: true,
  lifetimeMs: true,
  jitterMs: true,
  latencyMs: true,
  limitPerSecond: true,
  retryAfterMs: true,
  outages: true,
  readEveryMs: true,
  seed: true,
  onProgress: true,
}

/** The options, checked and complete. */
export interface FleetSettings {
  readonly instances: number
  readonly instancesPerStore: number
  readonly startWithinMs: number
  readonly durationMs: number
  readonly lifetimeMs: number
  readonly jitterMs: number | undefined
  readonly latencyMs: number
  readonly limitPerSecond: number
  readonly retryAfterMs: number | undefined
  readonly outages: readonly FleetOutage[]
  readonly readEveryMs: number
  readonly seed: number
  readonly onProgress: (simulatedMs: number) => void
}

/** @throws TypeError naming the option. */
export function fleetSettings(options: FleetOptions): FleetSettings {
  assertOptions("simulateFleet", options, NAMES)
  const { outages = [], limitPerSecond, seed = 1, onProgress = () => undefined, jitterMs, retryAfterMs } = options
  assertMilliseconds("jitterMs", jitterMs, { least: 0 })
  assertMilliseconds("retryAfterMs", retryAfterMs, { least: 0 })
  if (!Number.isSafeInteger(seed)) throw new TypeError(`seed must be a whole number; got ${shownValue(seed)}`)
  const durationMs = milliseconds("durationMs", options.durationMs, 86_400_000, 1)
  assertOutages(outages, durationMs)
  if (typeof onProgress !== "function") throw new TypeError("onProgress must be a function")
  return {
    instances: count("instances", options.instances, 1_000),
    instancesPerStore: count("instancesPerStore", options.instancesPerStore, 1),
    startWithinMs: milliseconds("startWithinMs", options.startWithinMs, 60_000, 0),
    durationMs,
    lifetimeMs: milliseconds("lifetimeMs", options.lifetimeMs, 3_600_000, 1_000),
    jitterMs,
    latencyMs: milliseconds("latencyMs", options.latencyMs, 50, 1),
    limitPerSecond: limitPerSecond === undefined ? Infinity : count("limitPerSecond", limitPerSecond, 1),
    retryAfterMs,
    outages,
    readEveryMs: milliseconds("readEveryMs", options.readEveryMs, 30_000, 1_000),
    seed,
    onProgress,
  }
}

function assertOutages(outages: readonly Partial<FleetOutage>[], durationMs: number): void {
  const given: unknown = outages
  if (!Array.isArray(given) || !given.every((each) => typeof each === "object" && each !== null)) {
    throw new TypeError("outages must be an array of objects with startsAtMs and lastsMs")
  }
  for (const outage of outages) {
    assertOptions("outages", outage, { startsAtMs: true, lastsMs: true })
    const { startsAtMs = NaN, lastsMs = NaN } = outage
    assertMilliseconds("outages: startsAtMs", startsAtMs, { least: 0, most: durationMs })
    assertMilliseconds("outages: lastsMs", lastsMs, { least: 1, most: durationMs - startsAtMs })
  }
}

function milliseconds(name: string, value: number | undefined, byDefault: number, least: number): number {
  assertMilliseconds(name, value, { least, most: LONGEST_TIMER_MS })
  return value ?? byDefault
}

function count(name: string, value: number | undefined, byDefault: number): number {
  if (value === undefined || (Number.isSafeInteger(value) && value >= 1)) return value ?? byDefault
  throw new TypeError(`${name} must be a whole number of at least 1; got ${shownValue(value)}`)
}
