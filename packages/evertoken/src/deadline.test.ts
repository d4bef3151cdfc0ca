import { expect, test } from "vitest"
import { Deadline } from "./deadline.js"
import { VirtualClock } from "./testing/virtual-clock.js"

test("a deadline comes when its time is over on both clocks", async () => {
  const clock = new VirtualClock()
  const deadline = new Deadline(clock, 1_000)
  await clock.advance(400)
  expect(deadline.remainingMs()).toBe(600)
  await clock.advance(600)
  expect(deadline.remainingMs()).toBe(0)
})

test("a wall clock that is set forward, or a machine that slept, brings a deadline nearer", () => {
  const clock = new VirtualClock()
  const deadline = new Deadline(clock, 1_000)
  clock.suspend(5_000)
  expect(deadline.remainingMs()).toBe(-4_000)
})

test("a wall clock that is set back does not put a deadline off", async () => {
  const clock = new VirtualClock()
  const deadline = new Deadline(clock, 1_000)
  clock.stepWall(-3_600_000)
  await clock.advance(1_000)
  expect(deadline.remainingMs()).toBe(0)
})
