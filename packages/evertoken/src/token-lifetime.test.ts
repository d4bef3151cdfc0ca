import fc from "fast-check"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { TokenError } from "./errors.js"
import { onTokenEvent, type TokenEvents } from "./events.js"
import {
  assertLifetimePolicy,
  HeldToken,
  lifetimeOf,
  LONGEST_LIFETIME_MS,
  type LifetimePolicy,
} from "./token-lifetime.js"
import { VirtualClock } from "./testing/virtual-clock.js"
import { Token } from "./token.js"

const NOW = Date.UTC(2026, 0, 1)
const HOUR_MS = 3_600_000

const assumed: TokenEvents["lifetime-assumed"][] = []
let stopListening: () => void
beforeEach(() => (stopListening = onTokenEvent("lifetime-assumed", (event) => assumed.push(event))))
afterEach(() => {
  stopListening()
  assumed.length = 0
})

/** Seconds from issue to stale and to expiry. */
function seconds(issued: { expiresIn?: unknown; refreshIn?: unknown }, policy?: LifetimePolicy): [number, number] {
  const { staleAt, expiresAt } = lifetimeOf({ issuedAt: NOW, ...issued }, policy)
  return [(staleAt - NOW) / 1000, (expiresAt - NOW) / 1000]
}

describe("how long a token lasts", () => {
  test.each<[unknown, number]>([
    [3_600, 3_600],
    ["3600", 3_600],
    [" 3600 ", 3_600],
    ["3600.25", 3_600.25],
    [0.5, 0.5],
    [2, 2],
    [2_592_000, 2_592_000],
  ])("expires_in %j is %d seconds", (expiresIn, length) => {
    expect(seconds({ expiresIn })[1]).toBe(length)
    expect(assumed).toEqual([])
  })

  test.each<[unknown]>([[1e12], ["99999999999999999999"], [Number.MAX_VALUE], ["9".repeat(400)], [315_360_001]])(
    "expires_in %j is cut to ten years",
    (expiresIn) => {
      expect(seconds({ expiresIn })[1]).toBe(LONGEST_LIFETIME_MS / 1000)
      expect(seconds({ expiresIn })[1]).toBe(10 * 365 * 86_400)
    },
  )

  test.each<[unknown, string]>([
    [undefined, "absent"],
    [null, "not a number"],
    ["abc", "not a number"],
    ["", "not a number"],
    ["3600s", "not a number"],
    ["1e3", "not a number"],
    ["0x10", "not a number"],
    [NaN, "not a number"],
    [Infinity, "not a number"],
    [[], "not a number"],
    [[3_600], "not a number"],
    [{}, "not a number"],
    [true, "not a number"],
    [3_600n, "not a number"],
  ])("expires_in %s is five minutes, and told as an event", (expiresIn, reason) => {
    expect(seconds({ expiresIn })[1]).toBe(300)
    expect(assumed).toEqual([{ defaultLifetimeMs: 300_000, reason }])
  })

  test("without expires_in it is the default given", () => {
    expect(seconds({}, { defaultLifetimeMs: 60_000 })[1]).toBe(60)
    expect(assumed).toEqual([{ defaultLifetimeMs: 60_000, reason: "absent" }])
  })

  test.each<[unknown]>([[0], [-1], ["0"], ["-1"], [-0.5], ["-0"], [-1e12]])(
    "expires_in %j is an error, and no token",
    (expiresIn) => {
      let error: unknown
      try {
        lifetimeOf({ issuedAt: NOW, expiresIn })
      } catch (thrown) {
        error = thrown
      }
      expect(error).toBeInstanceOf(TokenError)
      expect(error).toMatchObject({
        code: "ERR_TOKEN_LIFETIME",
        transient: true,
        message: `the issuer's token is over at once: it lasts ${Number(expiresIn)} s`,
      })
      expect(assumed).toEqual([])
    },
  )

  test("counts from the moment of issue", () => {
    expect(lifetimeOf({ issuedAt: 5, expiresIn: 1 }).expiresAt).toBe(1_005)
  })
})

describe("when a token becomes stale", () => {
  test.each<[string, { expiresIn: number; refreshIn?: unknown }, LifetimePolicy, number]>([
    ["after three quarters of its lifetime", { expiresIn: 3_600 }, {}, 2_700],
    ["30 seconds before its end, where that is earlier", { expiresIn: 100 }, {}, 70],
    ["at half of a lifetime under a minute", { expiresIn: 40 }, {}, 20],
    ["at half of two seconds", { expiresIn: 2 }, {}, 1],
    ["at the freshness given", { expiresIn: 3_600 }, { freshness: 0.5 }, 1_800],
    [
      "at its end with a freshness of 1 and no minimum",
      { expiresIn: 3_600 },
      { freshness: 1, minimumStaleMs: 0 },
      3_600,
    ],
    ["30 seconds before its end with a freshness of 1", { expiresIn: 3_600 }, { freshness: 1 }, 3_570],
    ["at half with a minimum above it", { expiresIn: 3_600 }, { minimumStaleMs: 1e9 }, 1_800],
    ["the lead given before its end", { expiresIn: 3_600 }, { refreshLeadMs: 60_000 }, 3_540],
    ["at half with a lead above it", { expiresIn: 3_600 }, { refreshLeadMs: 1e9 }, 1_800],
    ["at its end with a lead of 0", { expiresIn: 3_600 }, { refreshLeadMs: 0 }, 3_600],
    [
      "by the lead, whatever else is given",
      { expiresIn: 3_600, refreshIn: 10 },
      { refreshLeadMs: 60_000, freshness: 0.1 },
      3_540,
    ],
    ["at the issuer's refresh_in", { expiresIn: 3_600, refreshIn: 1_000 }, {}, 1_000],
    ["at the issuer's refresh_in as text", { expiresIn: 3_600, refreshIn: "1000" }, { freshness: 0.1 }, 1_000],
    ["at its end with a refresh_in beyond it", { expiresIn: 3_600, refreshIn: 9_000 }, {}, 3_600],
    ["as without refresh_in, if that is 0", { expiresIn: 3_600, refreshIn: 0 }, {}, 2_700],
    ["as without refresh_in, if that is negative", { expiresIn: 3_600, refreshIn: -5 }, {}, 2_700],
    ["as without refresh_in, if that is no number", { expiresIn: 3_600, refreshIn: "soon" }, {}, 2_700],
    ["after three quarters of 30 days", { expiresIn: 2_592_000 }, {}, 1_944_000],
  ])("%s", (_, issued, policy, staleAfter) => {
    expect(seconds(issued, policy)).toEqual([staleAfter, issued.expiresIn])
  })

  test("never before its issue, and never after its end, whatever the policy", () => {
    const policies = fc.record(
      {
        freshness: fc.double({ min: 0.001, max: 1, noNaN: true }),
        minimumStaleMs: fc.double({ min: 0, max: 1e12, noNaN: true }),
        refreshLeadMs: fc.double({ min: 0, max: 1e12, noNaN: true }),
      },
      { requiredKeys: [] },
    )
    const length = fc.double({ min: 0.001, max: 1e10, noNaN: true })
    const refreshIn = fc.option(fc.double({ min: -10, max: 1e10, noNaN: true }), { nil: undefined })
    fc.assert(
      fc.property(policies, length, refreshIn, (policy, expiresIn, refreshIn) => {
        assertLifetimePolicy(policy)
        const { staleAt, expiresAt } = lifetimeOf({ issuedAt: NOW, expiresIn, refreshIn }, policy)
        expect(staleAt).toBeGreaterThanOrEqual(NOW)
        expect(staleAt).toBeLessThanOrEqual(expiresAt)
      }),
    )
  })
})

describe("a policy that cannot be is refused by the name of the option", () => {
  const noNumbers: readonly (readonly [unknown, string])[] = [
    [NaN, "NaN"],
    [Infinity, "Infinity"],
    [null, "null"],
    ["0.5", "a string"],
    [Symbol("0.5"), "a symbol"],
  ]

  const outOfRange: typeof noNumbers = [0, -0.5, 1.01].map((value) => [value, String(value)])

  test.each([...outOfRange, ...noNumbers])("freshness %s", (freshness, shown) => {
    expect(() => assertLifetimePolicy({ freshness: freshness as number })).toThrow(
      TypeError(`freshness must be a number above 0, at most 1; got ${shown}`),
    )
  })

  test.each(["minimumStaleMs", "refreshLeadMs", "defaultLifetimeMs"])("%s", (name) => {
    const least = name === "defaultLifetimeMs" ? 1 : 0
    for (const [value, shown] of [[least - 1, String(least - 1)] as const, ...noNumbers]) {
      expect(() => assertLifetimePolicy({ [name]: value })).toThrow(
        TypeError(`${name} must be milliseconds, a finite number of at least ${least}; got ${shown}`),
      )
    }
  })

  test("the bounds themselves are allowed, and so is nothing at all", () => {
    assertLifetimePolicy({})
    assertLifetimePolicy({ freshness: undefined, minimumStaleMs: undefined })
    assertLifetimePolicy({ freshness: 1, minimumStaleMs: 0, refreshLeadMs: 0, defaultLifetimeMs: 1 })
    assertLifetimePolicy({ freshness: 0.001 })
  })
})

describe("a token held", () => {
  const token = new Token({ accessToken: "a", issuedAt: NOW, staleAt: NOW + 2_700_000, expiresAt: NOW + HOUR_MS })
  const anyMs = fc.oneof(fc.integer({ min: 0, max: 2_000 }), fc.integer({ min: 0, max: 2 * HOUR_MS }))
  function hold(held = token) {
    const clock = new VirtualClock({ now: NOW })
    return { clock, held: new HeldToken(held, clock) }
  }

  test("is fresh, then stale, then expired, each from its moment on", async () => {
    const { clock, held } = hold()
    expect(held.status()).toBe("fresh")
    await clock.advance(2_699_999)
    expect([held.status(), held.untilStaleMs(), held.leftMs()]).toEqual(["fresh", 1, 900_001])
    await clock.advance(1)
    expect([held.status(), held.untilStaleMs(), held.leftMs()]).toEqual(["stale", 0, 900_000])
    await clock.advance(899_999)
    expect([held.status(), held.isExpired(), held.leftMs()]).toEqual(["stale", false, 1])
    await clock.advance(1)
    expect([held.status(), held.isExpired(), held.leftMs()]).toEqual(["expired", true, 0])
    await clock.advance(1)
    expect([held.status(), held.isExpired(), held.leftMs()]).toEqual(["expired", true, -1])
  })

  test("that is expired the moment it is stale is expired", async () => {
    const { clock, held } = hold(token.with({ staleAt: token.expiresAt }))
    await clock.advance(HOUR_MS)
    expect(held.status()).toBe("expired")
  })

  test("is expired after a sleep of the machine, though the monotonic clock stood still", () => {
    const { clock, held } = hold()
    clock.suspend(2_700_000)
    expect(held.status()).toBe("stale")
    clock.suspend(900_000)
    expect([held.isExpired(), held.leftMs()]).toEqual([true, 0])
  })

  test("does not last longer because the wall clock is set back", async () => {
    const { clock, held } = hold()
    await clock.advance(1_800_000)
    clock.stepWall(-1_800_000)
    await clock.advance(899_999)
    expect([held.status(), held.untilStaleMs()]).toEqual(["fresh", 1])
    await clock.advance(1)
    expect([held.status(), held.leftMs()]).toEqual(["stale", 900_000])
    await clock.advance(900_000)
    expect([held.status(), held.isExpired(), held.leftMs()]).toEqual(["expired", true, 0])
  })

  test("is due at once if it seems to come from the future, and is served yet", () => {
    const { clock, held } = hold()
    clock.stepWall(-1)
    expect([held.status(), held.untilStaleMs(), held.isExpired()]).toEqual(["stale", 0, false])
  })

  test("is expired at once by a wall clock set forward beyond its end, and is not when that is undone", () => {
    const { clock, held } = hold()
    clock.stepWall(86_400_000)
    expect(held.status()).toBe("expired")
    clock.stepWall(-86_400_000)
    expect(held.status()).toBe("fresh")
  })

  test("tells its status at a glance: the same, whatever passes, unless the wall clock is set back", async () => {
    const steps = fc.array(fc.record({ how: fc.constantFrom("advance", "suspend", "stepWall"), byMs: anyMs }))
    await fc.assert(
      fc.asyncProperty(steps, async (passing) => {
        const { clock, held } = hold()
        for (const { how, byMs } of passing) {
          await clock[how](byMs)
          expect(held.glance()).toBe(held.status())
        }
      }),
    )
  })

  test("is stale and expired at a glance from the very moment on, also within a second of the glance before", async () => {
    const { clock, held } = hold()
    const seen: string[] = []
    for (const byMs of [2_699_999, 1, 899_998, 1, 1]) {
      await clock.advance(byMs)
      seen.push(held.glance())
    }
    expect(seen).toEqual(["fresh", "stale", "stale", "stale", "expired"])
  })

  test("is told at a glance to be what it is a second after the wall clock was set back, whenever that was", async () => {
    const step = fc.record({ how: fc.constantFrom("advance", "suspend", "stepWall", "setBack"), byMs: anyMs })
    await fc.assert(
      fc.asyncProperty(fc.array(step), async (passing) => {
        const { clock, held } = hold()
        for (const { how, byMs } of passing) {
          if (how === "setBack") clock.stepWall(-byMs)
          else await clock[how](byMs)
          held.glance()
        }
        await clock.advance(1_000)
        expect(held.glance()).toBe(held.status())
      }),
    )
  })

  test("is not told at a glance to last longer because the wall clock is set back", async () => {
    const { clock, held } = hold()
    expect(held.glance()).toBe("fresh")
    await clock.advance(HOUR_MS)
    clock.stepWall(-1_800_000)
    expect(held.glance()).toBe("expired")
    clock.stepWall(-1_800_000)
    // the very moment of the first glance, as far as the wall clock tells
    await clock.advance(1_000)
    expect(held.glance()).toBe("expired")
  })

  test("is glanced at with one look at the wall clock, and once a second at the other one, too", async () => {
    const { clock, held } = hold()
    let looks = 0
    const monotonic = clock.monotonic.bind(clock)
    clock.monotonic = () => {
      looks++
      return monotonic()
    }
    held.glance()
    const first = looks
    expect(first).toBeGreaterThan(0)
    for (let i = 0; i < 1_000; i++) held.glance()
    await clock.advance(999)
    held.glance()
    expect(looks).toBe(first)
    await clock.advance(1)
    held.glance()
    expect(looks).toBe(2 * first)
  })

  test("that was taken over late has only what is left of it, on both clocks", async () => {
    const clock = new VirtualClock({ now: NOW + 3_000_000 })
    const held = new HeldToken(token, clock)
    expect([held.status(), held.leftMs()]).toEqual(["stale", 600_000])
    clock.stepWall(-2_000_000)
    await clock.advance(600_000)
    expect(held.isExpired()).toBe(true)
  })

  test("is stale earlier for a caller who needs it for longer", async () => {
    const { clock, held } = hold()
    expect(held.untilStaleMs(1_200_000)).toBe(2_400_000)
    await clock.advance(2_400_000)
    expect([held.status(1_200_000), held.status()]).toEqual(["stale", "fresh"])
  })

  test("is not stale later for a caller who needs it for shorter", () => {
    expect(hold().held.untilStaleMs(60_000)).toBe(2_700_000)
  })

  test("that was just issued satisfies every caller: none makes it stale in the first half of its lifetime", async () => {
    const { clock, held } = hold()
    expect(held.untilStaleMs(1e12)).toBe(1_800_000)
    await clock.advance(1_799_999)
    expect(held.status(1e12)).toBe("fresh")
    await clock.advance(1)
    expect(held.status(1e12)).toBe("stale")
  })

  test("that its issuer wants renewed in the first half is not made stale even earlier by a caller", () => {
    const early = token.with({ staleAt: NOW + 600_000 })
    expect(hold(early).held.untilStaleMs(1e12)).toBe(600_000)
  })
})
