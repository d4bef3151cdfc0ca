import type { Comparison } from "./compared-fleets.js"
import { parseDuration } from "./duration-option.js"

/** What the command line has, as it was typed. */
export interface SimulateTexts {
  readonly instances: string
  readonly lifetime: string
  readonly jitter: string
  readonly perStore: string
  readonly start: string
  readonly duration: string
  readonly outage: string
  readonly outageAt?: string
  readonly limit?: string
  readonly retryAfter?: string
  readonly latency: string
  readonly seed: string
}

/** @throws RangeError that names the option, for a value that cannot be understood. */
export function comparisonOf(texts: SimulateTexts): Comparison {
  const durationMs = time("--duration", texts.duration, 1_000)
  const lastsMs = time("--outage", texts.outage)
  const startsAtMs = optional(texts.outageAt, (text) => time("--outage-at", text)) ?? durationMs / 2
  if (startsAtMs + lastsMs > durationMs) throw new RangeError("--outage must be over before --duration is")
  return {
    common: {
      instances: count("--instances", texts.instances),
      lifetimeMs: time("--lifetime", texts.lifetime, 1_000),
      startWithinMs: time("--start", texts.start),
      durationMs,
      outages: lastsMs > 0 ? [{ startsAtMs, lastsMs }] : [],
      limitPerSecond: optional(texts.limit, (text) => count("--limit", text)),
      retryAfterMs: optional(texts.retryAfter, (text) => time("--retry-after", text)),
      latencyMs: time("--latency", texts.latency, 1),
      seed: count("--seed", texts.seed),
    },
    jitterMs: time("--jitter", texts.jitter),
    instancesPerStore: count("--per-store", texts.perStore),
  }
}

function count(option: string, text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 1) return value
  throw new RangeError(`${option} must be a whole number above 0; got ${text}`)
}

function time(option: string, text: string, least = 0): number {
  const ms = parseDuration(text)
  if (ms !== undefined && ms >= least && ms < 2 ** 31) return ms
  const range = least > 0 ? `, of at least ${least} ms` : ""
  throw new RangeError(`${option} must be a time such as 30s, 5m or 1h${range}; got ${text}`)
}

function optional(text: string | undefined, parse: (text: string) => number): number | undefined {
  return text === undefined ? undefined : parse(text)
}
