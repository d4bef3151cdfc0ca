import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { ErrorBackoff, type FailedAttempt } from "./error-backoff.js"
import { seededRandom } from "./random.js"

const HOUR_MS = 3_600_000
const longest = () => 1 - Number.EPSILON
const shortest = () => 0
const failed = (changes: Partial<FailedAttempt> = {}): FailedAttempt => {
  return { attempt: 1, leftMs: 0, lifetimeMs: HOUR_MS, ...changes }
}
const ms = (max: number) => fc.double({ min: 0, max, noNaN: true })

describe("the delay after a failure", () => {
  test("grows twofold with each attempt, up to a minute", () => {
    const backoff = new ErrorBackoff()
    const ceilings = [1, 2, 3, 4, 5, 6, 7, 8, 50, 5_000].map((attempt) =>
      Math.round(backoff.delayMs(failed({ attempt }), longest)),
    )
    expect(ceilings).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000, 60_000])
  })

  test("is drawn evenly from the whole time below that", () => {
    const backoff = new ErrorBackoff()
    expect(backoff.delayMs(failed({ attempt: 4 }), () => 0.5)).toBe(4_000)
    const random = seededRandom(11)
    const delays = Array.from({ length: 500 }, () => backoff.delayMs(failed({ attempt: 4 }), random))
    expect(new Set(delays.map((delay) => Math.floor(delay / 1_000))).size).toBe(8)
  })

  test("is never so short that an issuer is hammered", () => {
    expect(new ErrorBackoff().delayMs(failed(), shortest)).toBe(250)
    expect(new ErrorBackoff({ minimumMs: 700 }).delayMs(failed(), shortest)).toBe(700)
  })

  test("is at most a quarter of what is left of the token, but up to a second", () => {
    const backoff = new ErrorBackoff()
    const at = (leftMs: number) => Math.round(backoff.delayMs(failed({ attempt: 20, leftMs }), longest))
    expect(at(100_000)).toBe(25_000)
    expect(at(2_000)).toBe(1_000)
    expect(at(1)).toBe(1_000)
    expect(at(HOUR_MS)).toBe(60_000)
    expect(at(0)).toBe(60_000)
    expect(at(-5)).toBe(60_000)
  })

  test("keeps its bounds for any attempt, chance and time left", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), ms(1e9), fc.integer(), (attempt, leftMs, seed) => {
        const delay = new ErrorBackoff().delayMs(failed({ attempt, leftMs }), seededRandom(seed))
        expect(delay).toBeGreaterThanOrEqual(250)
        expect(delay).toBeLessThanOrEqual(leftMs > 0 ? Math.min(60_000, Math.max(1_000, leftMs / 4)) : 60_000)
      }),
    )
  })

  test("keeps the bounds given", () => {
    const bounds = fc.record({
      initialMs: fc.integer({ min: 1, max: 1e6 }),
      minimumMs: fc.integer({ min: 1, max: 5_000 }),
      maximumMs: fc.integer({ min: 5_000, max: 1e6 }),
    })
    fc.assert(
      fc.property(bounds, fc.nat(100), fc.integer(), (options, attempt, seed) => {
        const delay = new ErrorBackoff(options).delayMs(failed({ attempt: attempt + 1 }), seededRandom(seed))
        expect(delay).toBeGreaterThanOrEqual(options.minimumMs)
        expect(delay).toBeLessThanOrEqual(options.maximumMs)
      }),
    )
  })
})

describe("a Retry-After", () => {
  const backoff = new ErrorBackoff()

  test("is kept, where it is longer than the delay drawn, also beyond the maximum", () => {
    expect(backoff.delayMs(failed({ retryAfterMs: 90_000 }), longest)).toBe(90_000)
    expect(backoff.delayMs(failed({ retryAfterMs: 90_000, leftMs: 600_000 }), longest)).toBe(90_000)
  })

  test("does not shorten the delay drawn", () => {
    expect(backoff.delayMs(failed({ attempt: 4, retryAfterMs: 100 }), () => 0.5)).toBe(4_000)
    expect(backoff.delayMs(failed({ retryAfterMs: 0 }), shortest)).toBe(250)
    expect(backoff.delayMs(failed({ retryAfterMs: -5_000 }), shortest)).toBe(250)
  })

  test("that is no number counts as none", () => {
    expect(backoff.delayMs(failed({ retryAfterMs: NaN }), shortest)).toBe(250)
  })

  test("beyond the token's end leaves one attempt five seconds before it", () => {
    const leftMs = 120_000
    expect(backoff.delayMs(failed({ retryAfterMs: 600_000, leftMs }), longest)).toBe(115_000)
  })

  test("beyond the end of a short token leaves one attempt a tenth of its lifetime before", () => {
    const retry = { retryAfterMs: 600_000, leftMs: 6_000, lifetimeMs: 20_000 }
    expect(backoff.delayMs(failed(retry), longest)).toBe(4_000)
  })

  test("is kept once the last attempt was made: no further one is squeezed in", () => {
    const retry = { retryAfterMs: 600_000, leftMs: 5_000 }
    expect(backoff.delayMs(failed(retry), longest)).toBe(600_000)
    expect(backoff.delayMs(failed({ ...retry, leftMs: 5_249 }), longest)).toBe(600_000)
    expect(backoff.delayMs(failed({ ...retry, leftMs: 5_250 }), longest)).toBe(250)
  })

  test("is kept when nothing is left of the token", () => {
    expect(backoff.delayMs(failed({ retryAfterMs: 600_000, lifetimeMs: 0 }), longest)).toBe(600_000)
  })

  test("of more than an hour is an hour: a typing error there does not end renewal for good", () => {
    expect(backoff.delayMs(failed({ retryAfterMs: 1e15 }), longest)).toBe(HOUR_MS)
    expect(backoff.delayMs(failed({ retryAfterMs: Infinity }), longest)).toBe(HOUR_MS)
  })

  test("is undercut only for the last attempt before the token's end", () => {
    fc.assert(
      fc.property(ms(1e8), ms(1e8), ms(1e8), fc.nat(40), fc.integer(), (retryAfterMs, leftMs, lifetimeMs, n, seed) => {
        const attempt = failed({ attempt: n + 1, retryAfterMs, leftMs, lifetimeMs })
        const delay = backoff.delayMs(attempt, seededRandom(seed))
        expect(delay).toBeGreaterThanOrEqual(250)
        if (delay < Math.min(retryAfterMs, HOUR_MS)) expect(delay).toBe(leftMs - Math.min(5_000, lifetimeMs / 10))
      }),
    )
  })
})

describe("an option that cannot be is refused by name", () => {
  test.each(["initialMs", "minimumMs", "maximumMs"])("%s", (name) => {
    const bad: readonly (readonly [unknown, string])[] = [
      [0, "0"],
      [-1, "-1"],
      [NaN, "NaN"],
      [Infinity, "Infinity"],
      [2 ** 31, "2147483648"],
      [null, "null"],
      ["5", "a string"],
      [Symbol("5s"), "a symbol"],
    ]
    for (const [value, shown] of bad) {
      expect(() => new ErrorBackoff({ [name]: value })).toThrow(
        TypeError(`${name} must be milliseconds, from 1 to 2147483647; got ${shown}`),
      )
    }
  })

  test("a minimum above the maximum", () => {
    expect(() => new ErrorBackoff({ minimumMs: 500, maximumMs: 400 })).toThrow(
      TypeError("minimumMs must be at most maximumMs, 400; got 500"),
    )
    expect(new ErrorBackoff({ minimumMs: 400, maximumMs: 400 }).delayMs(failed(), longest)).toBe(400)
  })
})
