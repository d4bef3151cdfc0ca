import { expect, test } from "vitest"
import { Stillness } from "./stillness.js"
import { VirtualClock } from "./testing/virtual-clock.js"

test("time counts from the first look at the same claim", async () => {
  const clock = new VirtualClock()
  const stillness = new Stillness(clock)
  expect(stillness.note("what.1")).toBe(0)
  await clock.advance(300)
  expect(stillness.note("what.1")).toBe(300)
  await clock.advance(400)
  expect(stillness.note("what.1")).toBe(700)
})

test.each(["what.2", "other.1"])("another claim, %s, begins anew", async (seen) => {
  const clock = new VirtualClock()
  const stillness = new Stillness(clock)
  stillness.note("what.1")
  await clock.advance(500)
  expect(stillness.note(seen)).toBe(0)
  await clock.advance(100)
  expect(stillness.note(seen)).toBe(100)
})

test("a longer step between two looks counts as one second: nobody watched meanwhile", async () => {
  const clock = new VirtualClock()
  const stillness = new Stillness(clock)
  stillness.note("what.1")
  await clock.advance(60_000)
  expect(stillness.note("what.1")).toBe(1_000)
})

test("the wall clock has no part in it", () => {
  const clock = new VirtualClock()
  const stillness = new Stillness(clock)
  stillness.note("what.1")
  clock.stepWall(86_400_000)
  expect(stillness.note("what.1")).toBe(0)
})
