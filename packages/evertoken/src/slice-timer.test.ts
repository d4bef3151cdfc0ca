import { afterAll, beforeEach, expect, test } from "vitest"
import { onTokenEvent } from "./events.js"
import { SliceTimer } from "./slice-timer.js"
import { VirtualClock } from "./testing/virtual-clock.js"

const steps: number[] = []
const unsubscribe = onTokenEvent("clock-stepped", ({ byMs }) => steps.push(byMs))
beforeEach(() => void steps.splice(0))
afterAll(unsubscribe)

function timerOn(clock: VirtualClock) {
  let woken = 0
  const timer = new SliceTimer(clock, () => woken++)
  return { timer, woken: () => woken }
}

test("a short time is waited for at once, and wakes once", async () => {
  const clock = new VirtualClock()
  const { timer, woken } = timerOn(clock)
  timer.set(500.4, { ref: false })
  expect(clock.nextTimerInMs).toBe(501)
  await clock.advance(60_000)
  expect([woken(), clock.pendingTimers]).toEqual([1, 0])
})

test.each([90_000, 30 * 24 * 3_600_000, Infinity])("a wait of %d ms wakes after 30 s, to look again", async (inMs) => {
  const clock = new VirtualClock()
  const { timer, woken } = timerOn(clock)
  timer.set(inMs, { ref: false })
  expect(clock.nextTimerInMs).toBe(30_000)
  await clock.advance(30_000)
  expect(woken()).toBe(1)
})

test("setting it again replaces what was set before", async () => {
  const clock = new VirtualClock()
  const { timer, woken } = timerOn(clock)
  timer.set(100, { ref: true })
  timer.set(200, { ref: false })
  expect([clock.pendingTimers, clock.refTimers]).toEqual([1, 0])
  await clock.advance(1_000)
  expect(woken()).toBe(1)
})

test("cancelled, it does not wake", async () => {
  const clock = new VirtualClock()
  const { timer, woken } = timerOn(clock)
  timer.set(100, { ref: true })
  timer.cancel()
  await clock.advance(1_000)
  expect([woken(), clock.pendingTimers]).toEqual([0, 0])
})

test.each([
  ["set forward", 86_400_000],
  ["set back", -3_600_000],
])("a wall clock that was %s is told of, once", async (_, byMs) => {
  const clock = new VirtualClock()
  const { timer } = timerOn(clock)
  timer.set(1_000, { ref: false })
  clock.stepWall(byMs)
  await clock.advance(1_000)
  timer.set(1_000, { ref: false })
  await clock.advance(1_000)
  expect(steps).toEqual([byMs])
})

test("a step that happens before the timer is set again is told of too", () => {
  const clock = new VirtualClock()
  const { timer } = timerOn(clock)
  timer.set(1_000, { ref: false })
  clock.suspend(7_000)
  timer.set(1_000, { ref: false })
  expect(steps).toEqual([7_000])
})

test("a clock that is only corrected a little is not told of", async () => {
  const clock = new VirtualClock()
  const { timer } = timerOn(clock)
  timer.set(1_000, { ref: false })
  clock.stepWall(-999)
  await clock.advance(1_000)
  expect(steps).toEqual([])
})
