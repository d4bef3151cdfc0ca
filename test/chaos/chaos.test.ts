import { expect, test } from "vitest"
import { runChaos } from "./chaos-run.js"
import { formatReport } from "./report.js"
import { scheduleOf } from "./schedule.js"

const SEED = 20_260_101

test("40 processes killed, others stopped and ended, the issuer failing: no refresh token is presented again but as the design allows", async () => {
  const result = await runChaos({ kills: 40, workers: 6, seed: SEED })
  const report = formatReport(result)

  expect(
    result.observer.violations.map(({ what }) => what),
    report,
  ).toEqual([])
  expect(result.observer.reuses.get("forbidden") ?? 0, report).toBe(0)
  expect(result.counts.kills, report).toBeGreaterThanOrEqual(40)
  // what was not there was not proven
  expect(result.counts.stops, report).toBeGreaterThan(0)
  expect(result.counts.terminations, report).toBeGreaterThan(0)
  expect(result.counts.issuerFaults, report).toBeGreaterThan(0)
  expect(result.counts.renewals, report).toBeGreaterThan(10)
})

test("a seed gives the same schedule each time, and another seed another one", () => {
  const actions = (seed: number) => {
    const schedule = scheduleOf(seed, 6)
    return Array.from({ length: 200 }, () => schedule.next().value)
  }
  expect(actions(1)).toEqual(actions(1))
  expect(actions(1)).not.toEqual(actions(2))
})

test("a schedule has each signal at each step and at any moment, and each kind of fault", () => {
  const schedule = scheduleOf(SEED, 6)
  const seen = new Set<string>()
  for (let count = 0; count < 2_000; count++) {
    const { act } = schedule.next().value
    seen.add(act.kind === "halt" ? `${act.signal} at ${act.step ?? "any moment"}` : act.kind)
  }
  // 3 signals at 8 steps and at any moment, 3 kinds of faults
  expect(seen.size).toBe(3 * 9 + 3)
})
