import { expect, test } from "vitest"
import { setAwakeTimer } from "./awake-timer.js"
import type { Clock } from "./clock.js"
import { VirtualClock } from "./testing/virtual-clock.js"

/** A clock on which this process stands still: time passes, and timers fire only when it goes on. */
class StandingStill implements Clock {
  readonly #clock = new VirtualClock()
  #aheadMs = 0

  now = () => this.#clock.now() + this.#aheadMs
  monotonic = () => this.#clock.monotonic() + this.#aheadMs
  setTimer(...timer: Parameters<Clock["setTimer"]>) {
    return this.#clock.setTimer(...timer)
  }
  advance(ms: number): Promise<void> {
    return this.#clock.advance(ms)
  }

  /** Every timer is late; the next one fires at once. */
  async standStill(ms: number): Promise<void> {
    this.#aheadMs += ms
    await this.#clock.advance(this.#clock.nextTimerInMs ?? 0)
  }
}

test.each([1, 15, 1_000, 10_000, 60_000])("it fires after %i ms of running, once, and not sooner", async (delayMs) => {
  const clock = new VirtualClock()
  let fired = 0
  setAwakeTimer(clock, () => fired++, delayMs)
  await clock.advance(delayMs - 1)
  expect(fired).toBe(0)
  await clock.advance(1)
  expect(fired).toBe(1)
  await clock.advance(10 * delayMs)
  expect(fired).toBe(1)
  expect(clock.pendingTimers).toBe(0)
})

test("a process that stood still for longer than its patience has patience left when it goes on", async () => {
  const clock = new StandingStill()
  let fired = 0
  setAwakeTimer(clock, () => fired++, 10_000)
  await clock.advance(4_000)
  await clock.standStill(3_600_000)
  expect(fired).toBe(0)
  await clock.advance(4_900)
  expect(fired).toBe(0)
  await clock.advance(100)
  expect(fired).toBe(1)
})

test("one that stood still when its patience was nearly over has a slice more", async () => {
  const clock = new StandingStill()
  let fired = 0
  setAwakeTimer(clock, () => fired++, 10_000)
  await clock.advance(9_500)
  await clock.standStill(3_600_000)
  expect(fired).toBe(0)
  await clock.advance(1_000)
  expect(fired).toBe(1)
})

test("a process that stands still again and again runs out of patience all the same", async () => {
  const clock = new StandingStill()
  let fired = 0
  setAwakeTimer(clock, () => fired++, 10_000)
  for (let stop = 1; stop <= 11; stop++) await clock.standStill(60_000)
  expect(fired).toBe(1)
})

test.each([0, 500, 9_999])("cancelled after %i ms it never fires, and leaves nothing behind", async (afterMs) => {
  const clock = new VirtualClock()
  let fired = 0
  const timer = setAwakeTimer(clock, () => fired++, 10_000)
  await clock.advance(afterMs)
  timer.cancel()
  timer.cancel()
  expect(clock.pendingTimers).toBe(0)
  await clock.advance(20_000)
  expect(fired).toBe(0)
})

test.each([
  [60_000, 1_000],
  [1_000, 100],
])("of a patience of %i ms a time for which it stood still takes %i ms", async (delayMs, takenMs) => {
  const clock = new StandingStill()
  let fired = 0
  setAwakeTimer(clock, () => fired++, delayMs)
  await clock.standStill(3_600_000)
  await clock.advance(delayMs - takenMs - 1)
  expect(fired).toBe(0)
  await clock.advance(1)
  expect(fired).toBe(1)
})
