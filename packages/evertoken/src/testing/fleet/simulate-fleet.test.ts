import { expect, test } from "vitest"
import { most, sum } from "./second-counts.js"
import { simulateFleet, type FleetOptions } from "./simulate-fleet.js"

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** Tokens for an hour, renewed after 45 minutes without jitter. */
const FLEET: FleetOptions = {
  instances: 100,
  startWithinMs: 2_000,
  durationMs: 4 * HOUR,
  lifetimeMs: HOUR,
  jitterMs: 0,
}
const OUTAGE = { startsAtMs: 90 * MINUTE, lastsMs: 14 * MINUTE }

test("one seed gives one report, and another one another", async () => {
  const options = { ...FLEET, jitterMs: 5 * MINUTE, limitPerSecond: 10, outages: [OUTAGE] }
  const textOf = async (seed: number) => JSON.stringify(await simulateFleet({ ...options, seed }))
  const text = await textOf(7)
  // told apart as texts: to show where thousands of counts differ would take seconds
  expect([(await textOf(7)) === text, (await textOf(8)) === text]).toEqual([true, false])
})

test("with jitter the busiest second has less than a tenth of the requests", async () => {
  const without = await simulateFleet(FLEET)
  const withJitter = await simulateFleet({ ...FLEET, jitterMs: 5 * MINUTE })
  expect(withJitter.peakPerSecond).toBeLessThan(without.peakPerSecond / 10)
  expect(withJitter.peakPerSecond).toBeGreaterThan(withJitter.meanPerSecond)
  expect(withJitter.failedReads).toBe(0)
})

test("instances that share a store send one request together", async () => {
  const alone = await simulateFleet(FLEET)
  const together = await simulateFleet({ ...FLEET, instancesPerStore: 10 })
  // the first tokens, and five renewals in four hours
  expect(alone.granted).toBe(6 * 100)
  expect(together.granted).toBe(6 * 10)
  expect([alone.failedReads, together.failedReads]).toEqual([0, 0])
})

test("an outage shorter than the time from stale to expired costs no read, and who was due recovers", async () => {
  const report = await simulateFleet({ ...FLEET, outages: [OUTAGE] })
  const [outage] = report.outages
  expect(report.failedReads).toBe(0)
  expect(report.unanswered).toBeGreaterThan(0)
  expect(outage).toMatchObject({ ...OUTAGE, overdue: 100 })
  expect(outage?.recoveredAfterMs).toBeGreaterThan(0)
  expect(most(report.perSecond.unanswered)).toBe(outage?.peakUnansweredPerSecond)
})

test("a longer one costs reads, but not after all have recovered", async () => {
  const report = await simulateFleet({ ...FLEET, outages: [{ ...OUTAGE, lastsMs: 20 * MINUTE }] })
  const { startsAtMs = 0, lastsMs = 0, recoveredAfterMs = Infinity } = report.outages[0] ?? {}
  const before = report.perSecond.failedReads.subarray(0, startsAtMs / 1_000)
  const after = report.perSecond.failedReads.subarray(Math.ceil((startsAtMs + lastsMs + recoveredAfterMs) / 1_000))
  expect([sum(before), sum(after)]).toEqual([0, 0])
  expect(report.failedReads).toBe(sum(report.perSecond.failedReads))
  expect(report.failedInstances).toBe(100)
})

test("an issuer with a limit keeps it, and all get their tokens in the end", async () => {
  const report = await simulateFleet({ ...FLEET, durationMs: HOUR / 2, limitPerSecond: 10, retryAfterMs: 3_000 })
  expect(most(report.perSecond.granted)).toBe(10)
  expect(report.granted).toBe(100)
  expect(report.rejected).toBeGreaterThan(0)
  expect(report.startedAfterMs).toBeGreaterThan(10_000)
})

test("who never had a token has no failed read, and has never started or recovered", async () => {
  const outages = [{ startsAtMs: 0, lastsMs: HOUR }]
  const report = await simulateFleet({ ...FLEET, instances: 10, durationMs: HOUR, outages })
  expect(report).toMatchObject({ granted: 0, reads: 0, failedReads: 0, startedAfterMs: undefined, peakPerSecond: 0 })
  expect(report.outages).toMatchObject([{ overdue: 10, recoveredAfterMs: undefined }])
})

test("an outage in which nobody is due is over when it ends", async () => {
  const outages = [{ startsAtMs: 10 * MINUTE, lastsMs: 20 * MINUTE }]
  const { unanswered, outages: told } = await simulateFleet({ ...FLEET, durationMs: HOUR, outages })
  expect(unanswered).toBe(0)
  expect(told).toMatchObject([{ overdue: 0, recoveredAfterMs: 0, peakUnansweredPerSecond: 0 }])
})

test("each minute of the simulation is told", async () => {
  const told: number[] = []
  await simulateFleet({ instances: 1, durationMs: 5 * MINUTE, onProgress: (atMs) => told.push(atMs) })
  expect(told).toEqual([1, 2, 3, 4].map((minute) => minute * MINUTE))
})

test("its defaults are a day of a thousand instances, each with a token of its own", async () => {
  const report = await simulateFleet({ instances: 20 })
  expect(report.perSecond.granted).toHaveLength(86_400)
  expect(report.granted).toBeGreaterThan(20 * 30)
  expect([report.rejected, report.unanswered, report.failedReads]).toEqual([0, 0, 0])
})

test.each([
  [{ instances: 0 }, "instances must be a whole number of at least 1; got 0"],
  [{ instancesPerStore: 1.5 }, "instancesPerStore must be a whole number of at least 1; got 1.5"],
  [{ limitPerSecond: -1 }, "limitPerSecond must be a whole number of at least 1; got -1"],
  [{ seed: 0.5 }, "seed must be a whole number; got 0.5"],
  [{ jitterMs: -1 }, "jitterMs must be milliseconds"],
  [{ retryAfterMs: NaN }, "retryAfterMs must be milliseconds"],
  [{ durationMs: 0 }, "durationMs must be milliseconds"],
  [{ readEveryMs: 5 }, "readEveryMs must be milliseconds"],
  [{ durationMs: HOUR, outages: [{ startsAtMs: HOUR / 2, lastsMs: HOUR }] }, "outages: lastsMs must be milliseconds"],
  [{ outages: [{ startsAtMs: -1, lastsMs: HOUR }] }, "outages: startsAtMs must be milliseconds"],
])("options %o are refused", async (options, message) => {
  await expect(simulateFleet(options)).rejects.toThrow(new RegExp(`^${message}`))
  await expect(simulateFleet(options)).rejects.toBeInstanceOf(TypeError)
})

test.each<readonly [object, string]>([
  [{ outages: 5 }, "outages must be an array of objects"],
  [{ outages: [null] }, "outages must be an array of objects"],
  [{ outages: [{ startsAtMs: 1 }] }, "outages: lastsMs must be milliseconds"],
  [{ outages: [{ lastsMs: 1 }] }, "outages: startsAtMs must be milliseconds"],
  [{ outages: [{ startsAt: 1, lastsMs: 1 }] }, "startsAt is not an option of outages"],
  [{ onProgress: "log" }, "onProgress must be a function"],
])("options %o, as plain JavaScript may have them, are refused", async (options, message) => {
  await expect(simulateFleet(options)).rejects.toThrow(new RegExp(`^${message}`))
  await expect(simulateFleet(options)).rejects.toBeInstanceOf(TypeError)
})

test("an option under a wrong name is refused", async () => {
  const options: object = { instance: 10 }
  await expect(simulateFleet(options)).rejects.toThrow(
    "instance is not an option of simulateFleet: did you mean instances?",
  )
})
