import { toolOptions } from "../tool-options.js"
import type { Comparison } from "./compared-fleets.js"
import { parseDuration } from "./duration-option.js"

export const HELP = `Shows what a fleet of processes, each with a token, does to its issuer: without jitter, with it, and with it and shared
stores. The watchers are the library's own, on a virtual clock; the issuer is simulated.

  npm run simulate -- [options]

  --instances N     processes that keep a token ready (default 10000)
  --lifetime T      of a token; it is renewed when a quarter of that is left (default 1h)
  --jitter T        how much earlier than that, at most (default 5m)
  --per-store N     processes that share a store, such as a host's a file, or all hosts' Redis (default 100)
  --start T         time within which all of them start (default 1m)
  --duration T      time that is simulated (default 24h)
  --outage T        for how long the issuer cannot be reached (default 0: it always can)
  --outage-at T     when that begins (default: half-way)
  --limit N         tokens that the issuer gives in a second; more is answered 429 (default: no limit)
  --retry-after T   Retry-After of these answers (default: none)
  --latency T       until the issuer answers (default 50ms)
  --seed N          whole number; the same one gives the same figures (default 1)
  --svg FILE        where the chart is written (default reports/fleet.svg)
  --json FILE       where the figures are written, too (default: nowhere)
  --help            this text

A time T is a number and its unit: 500ms, 30s, 5m, 1h, 1d.

Prints a table in Markdown. A read is counted for each process every 30 s, and fails if its token is not valid any more.`

/** What the command line asks for. */
export interface SimulateOptions extends Comparison {
  readonly svg: string
  readonly json: string | undefined
}

/** @returns undefined: for help. @throws RangeError that names the option, for a value that cannot be understood. */
export function simulateOptions(): SimulateOptions | undefined {
  const values = toolOptions({
    instances: { type: "string", default: "10000" },
    lifetime: { type: "string", default: "1h" },
    jitter: { type: "string", default: "5m" },
    "per-store": { type: "string", default: "100" },
    start: { type: "string", default: "1m" },
    duration: { type: "string", default: "24h" },
    outage: { type: "string", default: "0" },
    "outage-at": { type: "string" },
    limit: { type: "string" },
    "retry-after": { type: "string" },
    latency: { type: "string", default: "50ms" },
    seed: { type: "string", default: "1" },
    svg: { type: "string", default: "reports/fleet.svg" },
    json: { type: "string" },
    help: { type: "boolean", default: false },
  })
  if (values.help) return undefined
  const durationMs = time("--duration", values.duration, 1_000)
  const lastsMs = time("--outage", values.outage)
  const startsAtMs = optional(values["outage-at"], (text) => time("--outage-at", text)) ?? durationMs / 2
  if (startsAtMs + lastsMs > durationMs) throw new RangeError("--outage must be over before --duration is")
  return {
    common: {
      instances: count("--instances", values.instances),
      lifetimeMs: time("--lifetime", values.lifetime, 1_000),
      startWithinMs: time("--start", values.start),
      durationMs,
      outages: lastsMs > 0 ? [{ startsAtMs, lastsMs }] : [],
      limitPerSecond: optional(values.limit, (text) => count("--limit", text)),
      retryAfterMs: optional(values["retry-after"], (text) => time("--retry-after", text)),
      latencyMs: time("--latency", values.latency, 1),
      seed: count("--seed", values.seed),
    },
    jitterMs: time("--jitter", values.jitter),
    instancesPerStore: count("--per-store", values["per-store"]),
    svg: values.svg,
    json: values.json,
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
