import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { noJitter, randomEarly } from "./jitter.js"
import { seededRandom } from "./random.js"

const token = { issuedAt: 1_000_000, staleAt: 1_000_000 + 2_700_000, expiresAt: 1_000_000 + 3_600_000 }

describe("no jitter", () => {
  test("renews exactly when the token becomes stale", () => {
    expect(noJitter.earlyMs(token, () => 0.99)).toBe(0)
  })
})

describe("random early", () => {
  test("is early by up to a tenth of the time for which the token is fresh", () => {
    const jitter = randomEarly()
    expect(jitter.earlyMs(token, () => 0)).toBe(0)
    expect(jitter.earlyMs(token, () => 0.5)).toBe(135_000)
    expect(jitter.earlyMs(token, () => 1 - Number.EPSILON)).toBeLessThan(270_000)
  })

  test("is early by up to the maximum given, whatever the lifetime", () => {
    const jitter = randomEarly({ maximumMs: 10_000 })
    expect(jitter.earlyMs(token, () => 0.25)).toBe(2_500)
    expect(jitter.earlyMs({ ...token, expiresAt: token.issuedAt + 1 }, () => 0.25)).toBe(2_500)
    expect(randomEarly({ maximumMs: 0 }).earlyMs(token, () => 0.25)).toBe(0)
  })

  test("is never late, and never earlier than the maximum", () => {
    const maximum = fc.option(fc.double({ min: 0, max: 1e9, noNaN: true }), { nil: undefined })
    fc.assert(
      fc.property(maximum, fc.integer(), fc.nat(1e9), (maximumMs, seed, lifetimeMs) => {
        const issued = { issuedAt: 0, staleAt: lifetimeMs * 0.75, expiresAt: lifetimeMs }
        const early = randomEarly({ maximumMs }).earlyMs(issued, seededRandom(seed))
        expect(early).toBeGreaterThanOrEqual(0)
        expect(early).toBeLessThanOrEqual(maximumMs ?? lifetimeMs / 10)
      }),
    )
  })

  test("spreads a fleet over the whole time", () => {
    const jitter = randomEarly({ maximumMs: 10 })
    const random = seededRandom(3)
    const moments = new Set(Array.from({ length: 500 }, () => Math.floor(jitter.earlyMs(token, random))))
    expect(moments.size).toBe(10)
  })

  test.each<[unknown, string]>([
    [-1, "-1"],
    [NaN, "NaN"],
    [Infinity, "Infinity"],
    ["5", "a string"],
    [Symbol("5s"), "a symbol"],
  ])("a maximum of %s is refused by name", (maximumMs, shown) => {
    expect(() => randomEarly({ maximumMs: maximumMs as number })).toThrow(
      TypeError(`maximumMs must be milliseconds, a finite number of at least 0; got ${shown}`),
    )
  })
})
