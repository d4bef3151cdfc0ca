import fc from "fast-check"
import { expect, test } from "vitest"
import { noJitter, randomEarly, type JitterSource } from "./jitter.js"
import { seededRandom } from "./random.js"
import { RenewalSchedule, type RenewalScheduleOptions } from "./renewal-schedule.js"
import { tokenOf } from "./testing/internal/answering-source.js"
import { VirtualClock } from "./testing/virtual-clock.js"
import { HeldToken } from "./token-lifetime.js"
import type { TokenFields } from "./token.js"

const HOUR = 3_600_000

function scheduleOn(clock: VirtualClock, options: Partial<RenewalScheduleOptions> = {}) {
  const random = seededRandom(7)
  const defaults = { clock, random, jitter: noJitter, minimumIntervalMs: 10_000, minimumValidityMs: 0 }
  return new RenewalSchedule({ ...defaults, ...options })
}

function held(clock: VirtualClock, name = "a", fields: Partial<TokenFields> & { lifetimeMs?: number } = {}) {
  return new HeldToken(tokenOf(name, clock, fields), clock)
}

test("without a token a renewal is due", () => {
  expect(scheduleOn(new VirtualClock()).untilDueMs()).toBe(0)
})

test("without jitter a token is due when it becomes stale", async () => {
  const clock = new VirtualClock()
  const schedule = scheduleOn(clock)
  schedule.follow(held(clock), { asked: false })
  expect(schedule.untilDueMs()).toBe(0.75 * HOUR)
  await clock.advance(0.75 * HOUR)
  expect(schedule.untilDueMs()).toBe(0)
})

test("the jitter is drawn once per token, not at each look", async () => {
  const clock = new VirtualClock()
  let draws = 0
  const jitter: JitterSource = { earlyMs: () => ++draws * 60_000 }
  const schedule = scheduleOn(clock, { jitter })
  const token = tokenOf("a", clock)
  schedule.follow(new HeldToken(token, clock), { asked: false })
  const first = schedule.untilDueMs()
  await clock.advance(1_000)
  expect(schedule.untilDueMs()).toBe(first - 1_000)
  // other times of the same token, such as a file read again gives
  schedule.follow(new HeldToken(token.with({ staleAt: token.staleAt + 1 }), clock), { asked: false })
  expect([schedule.untilDueMs(), draws]).toEqual([first - 999, 1])
})

test("another token, and another record of the same one, draw anew", () => {
  const clock = new VirtualClock()
  let draws = 0
  const schedule = scheduleOn(clock, { jitter: { earlyMs: () => draws++ } })
  const token = tokenOf("a", clock)
  schedule.follow(new HeldToken(token, clock), { asked: false })
  schedule.follow(held(clock, "b"), { asked: false })
  const version = { lineage: "l", generation: 2, id: "i" }
  schedule.follow(new HeldToken(tokenOf("b", clock).with({ version }), clock), { asked: false })
  expect(draws).toBe(3)
})

test("jitter never reaches into the first half of a token's fresh time", () => {
  const clock = new VirtualClock()
  const schedule = scheduleOn(clock, { jitter: { earlyMs: () => 10 * HOUR } })
  schedule.follow(held(clock), { asked: false })
  expect(schedule.untilDueMs()).toBe(0.375 * HOUR)
})

test.each([NaN, -1_000])("a jitter of %d is none", (earlyMs) => {
  const clock = new VirtualClock()
  const schedule = scheduleOn(clock, { jitter: { earlyMs: () => earlyMs } })
  schedule.follow(held(clock), { asked: false })
  expect(schedule.untilDueMs()).toBe(0.75 * HOUR)
})

test("every token is due after half of its fresh time, and before it is stale or has rested enough", () => {
  const arbitrary = { seed: fc.integer(), lifetimeMs: fc.integer({ min: 1, max: 10 * 365 * 24 * HOUR }) }
  fc.assert(
    fc.property(fc.record({ ...arbitrary, minimumIntervalMs: fc.integer({ min: 0, max: 60_000 }) }), (given) => {
      const clock = new VirtualClock()
      const { minimumIntervalMs, lifetimeMs } = given
      const schedule = scheduleOn(clock, {
        minimumIntervalMs,
        jitter: randomEarly(),
        random: seededRandom(given.seed),
      })
      schedule.follow(held(clock, "a", { lifetimeMs }), { asked: true })
      const dueMs = schedule.untilDueMs()
      const freshMs = 0.75 * lifetimeMs
      expect(dueMs).toBeGreaterThanOrEqual(Math.max(freshMs / 2, Math.min(minimumIntervalMs, lifetimeMs / 4)) - 1)
      expect(dueMs).toBeLessThanOrEqual(Math.max(freshMs, Math.min(minimumIntervalMs, lifetimeMs / 4)) + 1)
    }),
  )
})

test("a token is not due before the minimum interval after it was issued", async () => {
  const clock = new VirtualClock()
  const schedule = scheduleOn(clock)
  const token = tokenOf("a", clock, { staleAt: clock.now() })
  await clock.advance(4_000)
  schedule.follow(new HeldToken(token, clock), { asked: false })
  expect(schedule.untilDueMs()).toBe(6_000)
})

test("of a short token the minimum interval is a quarter of the lifetime", () => {
  const clock = new VirtualClock()
  const schedule = scheduleOn(clock)
  schedule.follow(held(clock, "a", { lifetimeMs: 2_000, staleAt: clock.now() }), { asked: false })
  expect(schedule.untilDueMs()).toBe(500)
})

test("an old token that came because a newer one was asked for is not due at once", async () => {
  const clock = new VirtualClock()
  const schedule = scheduleOn(clock)
  const old = tokenOf("a", clock)
  await clock.advance(0.9 * HOUR)
  schedule.follow(new HeldToken(old, clock), { asked: false })
  expect(schedule.untilDueMs()).toBe(0)
  schedule.follow(new HeldToken(old.with({ accessToken: "b" }), clock), { asked: true })
  expect(schedule.untilDueMs()).toBe(10_000)
})

test("a token from the future is due, but not sooner than the minimum interval after it was taken", async () => {
  const clock = new VirtualClock()
  const schedule = scheduleOn(clock)
  const token = tokenOf("a", clock)
  clock.stepWall(-HOUR)
  schedule.follow(new HeldToken(token, clock), { asked: false })
  expect(schedule.untilDueMs()).toBe(10_000)
  await clock.advance(10_000)
  expect(schedule.untilDueMs()).toBe(0)
})

test("a wall clock that is set back does not put a renewal off", async () => {
  const clock = new VirtualClock()
  const schedule = scheduleOn(clock)
  schedule.follow(held(clock), { asked: false })
  await clock.advance(0.5 * HOUR)
  clock.stepWall(-0.25 * HOUR)
  expect(schedule.untilDueMs()).toBe(0.25 * HOUR)
})

test("minimumValidityMs brings the renewal forward, at most to half of the lifetime", () => {
  const clock = new VirtualClock()
  const dueWith = (minimumValidityMs: number) => {
    const schedule = scheduleOn(clock, { minimumValidityMs })
    schedule.follow(held(clock), { asked: false })
    return schedule.untilDueMs()
  }
  expect([0.1, 0.4, 0.9].map((share) => dueWith(share * HOUR) / HOUR)).toEqual([0.75, 0.6, 0.5])
})

test("a refresh token that ends before the access token is stale is renewed before its end", () => {
  const clock = new VirtualClock()
  const schedule = scheduleOn(clock)
  schedule.follow(held(clock, "a", { refreshToken: "r", refreshTokenExpiresAt: clock.now() + 600_000 }), {
    asked: false,
  })
  expect(schedule.untilDueMs()).toBe(450_000)
})

test("a refresh token that has ended does not drive renewals", async () => {
  const clock = new VirtualClock()
  const schedule = scheduleOn(clock)
  schedule.follow(held(clock, "a", { refreshTokenExpiresAt: clock.now() + 600_000 }), { asked: false })
  await clock.advance(600_000)
  expect(schedule.untilDueMs()).toBe(0.75 * HOUR - 600_000)
})

test("a rejected token is due at once, if it is old enough", async () => {
  const clock = new VirtualClock()
  const schedule = scheduleOn(clock)
  schedule.follow(held(clock), { asked: false })
  await clock.advance(10_000)
  schedule.reject()
  schedule.reject()
  expect([schedule.isRejected, schedule.untilDueMs()]).toEqual([true, 0])
})

test("a rejected token younger than the minimum interval is due after it", async () => {
  const clock = new VirtualClock()
  const schedule = scheduleOn(clock)
  schedule.follow(held(clock), { asked: false })
  await clock.advance(3_000)
  schedule.reject()
  expect(schedule.untilDueMs()).toBe(7_000)
})

test("if its successors are rejected too, each waits twice as long, up to its regular renewal", () => {
  const clock = new VirtualClock()
  const schedule = scheduleOn(clock)
  const waits = Array.from({ length: 12 }, (_, index) => {
    schedule.follow(held(clock, `t${index}`), { asked: true })
    for (let callers = 0; callers < 3; callers++) schedule.reject()
    return schedule.untilDueMs() / 1_000
  })
  expect(waits).toEqual([10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 2_700, 2_700, 2_700])
})

test("repeated rejections wait longer even without a minimum interval", () => {
  const clock = new VirtualClock()
  const schedule = scheduleOn(clock, { minimumIntervalMs: 0 })
  const waits = Array.from({ length: 4 }, (_, index) => {
    schedule.follow(held(clock, `t${index}`), { asked: true })
    schedule.reject()
    return schedule.untilDueMs()
  })
  expect(waits).toEqual([0, 2_000, 4_000, 8_000])
})

test("a token that was not rejected ends the series", () => {
  const clock = new VirtualClock()
  const schedule = scheduleOn(clock)
  for (const name of ["a", "b"]) {
    schedule.follow(held(clock, name), { asked: true })
    schedule.reject()
  }
  schedule.follow(held(clock, "c"), { asked: true })
  schedule.follow(held(clock, "d"), { asked: true })
  schedule.reject()
  expect(schedule.untilDueMs()).toBe(10_000)
})

test("the same token coming back, with other times, stays rejected; another one is not", async () => {
  const clock = new VirtualClock()
  const schedule = scheduleOn(clock)
  schedule.follow(held(clock, "a"), { asked: true })
  schedule.reject()
  await clock.advance(60_000)
  schedule.follow(held(clock, "a"), { asked: true })
  expect(schedule.isRejected).toBe(true)
  schedule.follow(held(clock, "b"), { asked: true })
  expect(schedule.isRejected).toBe(false)
})

test("a forgotten token is not rejected any more, and a new one is due", () => {
  const clock = new VirtualClock()
  const schedule = scheduleOn(clock)
  schedule.follow(held(clock), { asked: true })
  schedule.reject()
  schedule.forget()
  expect([schedule.isRejected, schedule.untilDueMs()]).toEqual([false, 0])
})

test("other times of a rejected token do not make it wait anew", async () => {
  const clock = new VirtualClock()
  const schedule = scheduleOn(clock)
  schedule.follow(held(clock, "a"), { asked: true })
  schedule.reject()
  const second = held(clock, "b")
  schedule.follow(second, { asked: true })
  schedule.reject()
  await clock.advance(15_000)
  schedule.follow(new HeldToken(second.token.with({ staleAt: second.token.staleAt + 1 }), clock), { asked: false })
  expect(schedule.untilDueMs()).toBe(5_000)
})
