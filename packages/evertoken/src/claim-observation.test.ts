import { expect, test } from "vitest"
import { ClaimObservation } from "./claim-observation.js"
import { VirtualClock } from "./testing/virtual-clock.js"

test("time counts from the first look at the same claim", async () => {
  const clock = new VirtualClock()
  const observation = new ClaimObservation(clock)
  expect(observation.note("what", 1)).toBe(0)
  await clock.advance(300)
  expect(observation.note("what", 1)).toBe(300)
  await clock.advance(400)
  expect(observation.note("what", 1)).toBe(700)
})

test.each([
  ["what", 2],
  ["other", 1],
])("another claim, %s %i, begins anew", async (what, n) => {
  const clock = new VirtualClock()
  const observation = new ClaimObservation(clock)
  observation.note("what", 1)
  await clock.advance(500)
  expect(observation.note(what, n)).toBe(0)
  await clock.advance(100)
  expect(observation.note(what, n)).toBe(100)
})

test("a longer step between two looks counts as one second: nobody watched meanwhile", async () => {
  const clock = new VirtualClock()
  const observation = new ClaimObservation(clock)
  observation.note("what", 1)
  await clock.advance(60_000)
  expect(observation.note("what", 1)).toBe(1_000)
})

test("the wall clock has no part in it", () => {
  const clock = new VirtualClock()
  const observation = new ClaimObservation(clock)
  observation.note("what", 1)
  clock.stepWall(86_400_000)
  expect(observation.note("what", 1)).toBe(0)
})
