import { describe, expect, test } from "vitest"
import { CachedTokenSource, type CachedTokenSourceOptions } from "./cached-token-source.js"
import { ErrorBackoff } from "./error-backoff.js"
import { randomEarly } from "./jitter.js"
import { MemoryTokenCache } from "./memory-token-cache.js"
import { StaticTokenSource } from "./static-token-source.js"
import { VirtualClock } from "./testing/virtual-clock.js"
import { TokenPool } from "./token-pool.js"
import { tokenSourceFrom } from "./token-source-from.js"
import { watcherSettings } from "./watcher-options.js"

const source = { getToken: () => Promise.reject(new Error("not asked")) }

/** Constructors, given options as plain JavaScript would pass them. */
const CONSTRUCTORS = {
  CachedTokenSource: (options: object) => new CachedTokenSource(source, options),
  TokenWatcher: (options: object) => watcherSettings(options),
  tokenSourceFrom: (options: object) => tokenSourceFrom(() => "token", options),
  StaticTokenSource: (options: object) => new StaticTokenSource("token", options),
  MemoryTokenCache: (options: object) => new MemoryTokenCache(options),
  backoff: (options: object) => new ErrorBackoff(options),
  randomEarly: (options: object) => randomEarly(options),
  TokenPool: (options: object) => new TokenPool(() => source, options),
  VirtualClock: (options: object) => new VirtualClock(options),
}

const only = (...methods: string[]) => Object.fromEntries(methods.map((method) => [method, () => 0]))

const BAD: Record<string, readonly unknown[]> = {
  clock: [{}, "x", 5, null, Date, only("now", "setTimer"), only("monotonic", "setTimer"), only("now", "monotonic")],
  random: ["x", 0.5, null, {}],
  backoff: [5, "x", true, [], null],
  // whatever is wrong with a number, the message can be made
  milliseconds: [Symbol("5s"), 5n, "5", {}, null, NaN],
}

const OPTIONS: readonly (readonly [keyof typeof CONSTRUCTORS, string, keyof typeof BAD])[] = [
  ["CachedTokenSource", "clock", "clock"],
  ["CachedTokenSource", "random", "random"],
  ["CachedTokenSource", "backoff", "backoff"],
  ["CachedTokenSource", "requestTimeoutMs", "milliseconds"],
  ["CachedTokenSource", "claimTimeoutMs", "milliseconds"],
  ["CachedTokenSource", "storeTimeoutMs", "milliseconds"],
  ["CachedTokenSource", "reuseLeewayMs", "milliseconds"],
  ["CachedTokenSource", "minimumIntervalMs", "milliseconds"],
  ["TokenWatcher", "clock", "clock"],
  ["TokenWatcher", "random", "random"],
  ["TokenWatcher", "backoff", "backoff"],
  ["TokenWatcher", "startTimeoutMs", "milliseconds"],
  ["TokenWatcher", "serveExpiredMs", "milliseconds"],
  ["tokenSourceFrom", "clock", "clock"],
  ["tokenSourceFrom", "lifetimeMs", "milliseconds"],
  ["tokenSourceFrom", "renewEveryMs", "milliseconds"],
  ["StaticTokenSource", "clock", "clock"],
  ["StaticTokenSource", "lifetimeMs", "milliseconds"],
  ["MemoryTokenCache", "clock", "clock"],
  ["backoff", "initialMs", "milliseconds"],
  ["backoff", "minimumMs", "milliseconds"],
  ["backoff", "maximumMs", "milliseconds"],
]

// the type check fails here, too, if an option takes no undefined
test("CachedTokenSource: an option that is undefined was not given", () => {
  const unsaid: { readonly [Option in keyof Required<CachedTokenSourceOptions>]: undefined } = {
    ...{ caches: undefined, key: undefined, clock: undefined, random: undefined, backoff: undefined },
    ...{ requestTimeoutMs: undefined, claimTimeoutMs: undefined, storeTimeoutMs: undefined },
    ...{ reuseLeewayMs: undefined, minimumIntervalMs: undefined },
  }
  expect(new CachedTokenSource(source, unsaid).key).toBe(new CachedTokenSource(source).key)
})

const MISNAMED: readonly (readonly [keyof typeof CONSTRUCTORS, string, string])[] = [
  ["CachedTokenSource", "cache", "caches"],
  ["TokenWatcher", "serveExpired", "serveExpiredMs"],
  ["TokenPool", "maxSize", "maximumSize"],
  ["TokenPool", "minimumInterval", "minimumIntervalMs"],
  ["tokenSourceFrom", "lifetime", "lifetimeMs"],
  ["StaticTokenSource", "lifetime", "lifetimeMs"],
  ["MemoryTokenCache", "clocks", "clock"],
  ["backoff", "minimum", "minimumMs"],
  ["randomEarly", "maximum", "maximumMs"],
  ["VirtualClock", "nowMs", "now"],
]

test.each(MISNAMED)("%s: %s is a TypeError that asks whether %s was meant", (constructor, given, meant) => {
  const message = `${given} is not an option of ${constructor}: did you mean ${meant}?`
  expect(() => CONSTRUCTORS[constructor]({ [given]: undefined })).toThrow(TypeError(message))
})

test.each(["lazy", "closeSource"])("TokenPool: %s is no option, since it decides that itself", (option) => {
  expect(() => CONSTRUCTORS.TokenPool({ [option]: true })).toThrow(`${option} is not an option of TokenPool`)
})

test.each(OPTIONS)("%s: a bad %s is a TypeError that names it", (constructor, option, kind) => {
  for (const value of BAD[kind] ?? []) {
    const construct = () => CONSTRUCTORS[constructor]({ [option]: value })
    expect(construct).toThrow(TypeError)
    expect(construct).toThrow(new RegExp(`^${option} must be `))
  }
})

describe("what is as it should be is taken", () => {
  const good: Record<string, unknown> = { clock: new VirtualClock(), random: () => 0.5, backoff: { initialMs: 5 } }
  test.each(OPTIONS)("%s: %s", (constructor, option, kind) => {
    const value = kind === "milliseconds" ? 60_000 : good[kind]
    for (const each of [value, undefined]) {
      expect(() => CONSTRUCTORS[constructor]({ [option]: each })).not.toThrow()
    }
  })
})

test("the pauses after failures are those of the option backoff", async () => {
  const clock = new VirtualClock()
  const failing = { getToken: () => (asked++, Promise.reject(new Error("down"))) }
  let asked = 0
  const backoff = { minimumMs: 30_000, initialMs: 30_000 }
  const tokens = new CachedTokenSource(failing, { clock, random: () => 0, backoff })
  await expect(tokens.getToken()).rejects.toThrow()
  await clock.advance(29_000)
  await expect(tokens.getToken()).rejects.toThrow()
  expect(asked).toBe(1)
  await clock.advance(1_001)
  await expect(tokens.getToken()).rejects.toThrow()
  expect(asked).toBe(2)
})
