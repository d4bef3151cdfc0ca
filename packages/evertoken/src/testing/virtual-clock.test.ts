import { expect, test } from "vitest"
import { sleep } from "../clock.js"
import { VirtualClock } from "./virtual-clock.js"

test("no time passes unless it is told to", async () => {
  const clock = new VirtualClock({ now: 1_000_000 })
  const before = clock.monotonic()
  await Promise.resolve()
  expect([clock.now(), clock.monotonic()]).toEqual([1_000_000, before])
})

test("advance moves both clocks by the same", async () => {
  const clock = new VirtualClock()
  const [wall, monotonic] = [clock.now(), clock.monotonic()]
  await clock.advance(1_500)
  expect([clock.now() - wall, clock.monotonic() - monotonic]).toEqual([1_500, 1_500])
})

test("timers fire in the order in which they are due, each at its own moment", async () => {
  const clock = new VirtualClock({ now: 0 })
  const fired: [string, number][] = []
  clock.setTimer(() => fired.push(["late", clock.now()]), 300)
  clock.setTimer(() => fired.push(["early", clock.now()]), 100)
  clock.setTimer(() => fired.push(["early too", clock.now()]), 100)
  clock.setTimer(() => fired.push(["beyond", clock.now()]), 301)
  await clock.advance(300)
  expect(fired).toEqual([
    ["early", 100],
    ["early too", 100],
    ["late", 300],
  ])
  expect(clock.nextTimerInMs).toBe(1)
})

test("a timer set by what another one set off fires in the same advance, if it is due in it", async () => {
  const clock = new VirtualClock({ now: 0 })
  const seen: number[] = []
  async function loop() {
    for (let round = 0; round < 3; round++) {
      await sleep(clock, 100)
      await Promise.resolve().then(() => Promise.resolve())
      seen.push(clock.now())
    }
  }
  const looping = loop()
  await clock.advance(250)
  expect(seen).toEqual([100, 200])
  await clock.advance(50)
  await looping
  expect(seen).toEqual([100, 200, 300])
})

test("what was started before advance, and is about to set a timer, is waited for", async () => {
  const clock = new VirtualClock()
  let fired = false
  void Promise.resolve()
    .then(() => sleep(clock, 10))
    .then(() => (fired = true))
  await clock.advance(10)
  expect(fired).toBe(true)
})

test("a cancelled timer does not fire, and cancelling twice is harmless", async () => {
  const clock = new VirtualClock()
  let fired = 0
  const timer = clock.setTimer(() => fired++, 10)
  clock.setTimer(() => timer.cancel(), 5)
  await clock.advance(100)
  timer.cancel()
  expect(fired).toBe(0)
  expect(clock.pendingTimers).toBe(0)
})

test("stepping the wall brings no timer nearer, forward or back", async () => {
  const clock = new VirtualClock({ now: 1_000_000 })
  let fired = 0
  clock.setTimer(() => fired++, 1_000)
  clock.stepWall(86_400_000)
  await clock.advance(999)
  clock.stepWall(-90_000_000)
  expect([fired, clock.nextTimerInMs]).toEqual([0, 1])
  await clock.advance(1)
  expect(fired).toBe(1)
  expect(clock.now()).toBe(1_000_000 + 1_000 - 3_600_000)
})

test("a suspended machine keeps its monotonic clock and fires its timers late by the wall", async () => {
  const clock = new VirtualClock({ now: 0 })
  const monotonic = clock.monotonic()
  const firedAt: number[] = []
  clock.setTimer(() => firedAt.push(clock.now()), 1_000)
  clock.suspend(3_600_000)
  expect([clock.now(), clock.monotonic()]).toEqual([3_600_000, monotonic])
  await clock.advance(1_000)
  expect(firedAt).toEqual([3_601_000])
})

test("pending timers are counted, and of them those that keep the process alive", async () => {
  const clock = new VirtualClock()
  expect([clock.pendingTimers, clock.refTimers, clock.nextTimerInMs]).toEqual([0, 0, undefined])
  clock.setTimer(() => {}, 20)
  clock.setTimer(() => {}, 10, { ref: false })
  expect([clock.pendingTimers, clock.refTimers, clock.nextTimerInMs]).toEqual([2, 1, 10])
  await clock.advance(10)
  expect([clock.pendingTimers, clock.refTimers, clock.nextTimerInMs]).toEqual([1, 1, 10])
})

test("a timer of no delay takes a millisecond, as in Node.js", async () => {
  const clock = new VirtualClock()
  let fired = 0
  clock.setTimer(() => fired++, 0)
  clock.setTimer(() => fired++, -5)
  await clock.advance(0)
  expect(fired).toBe(0)
  await clock.advance(1)
  expect(fired).toBe(2)
})

test("a delay that setTimeout would not keep is refused", () => {
  const clock = new VirtualClock()
  clock.setTimer(() => {}, 2 ** 31 - 1)
  for (const delayMs of [2 ** 31, Infinity, NaN]) {
    const refusal = RangeError(`delayMs must be at most 2^31 - 1; got ${delayMs}`)
    expect(() => clock.setTimer(() => {}, delayMs)).toThrow(refusal)
  }
  expect(clock.pendingTimers).toBe(1)
})

test("time does not run backwards", async () => {
  const clock = new VirtualClock()
  const refusal = (ms: number) => RangeError(`ms must be a number of at least 0; got ${ms}`)
  await expect(clock.advance(-1)).rejects.toThrow(refusal(-1))
  await expect(clock.advance(NaN)).rejects.toThrow(refusal(NaN))
  expect(() => clock.suspend(-1)).toThrow(refusal(-1))
  expect(() => clock.suspend(0)).not.toThrow()
})

test("two advances at once are refused, and a refused one does not disturb the other", async () => {
  const clock = new VirtualClock({ now: 0 })
  const first = clock.advance(10)
  await expect(clock.advance(10)).rejects.toThrow("another advance() is under way")
  await first
  await clock.advance(5)
  expect(clock.now()).toBe(15)
})

test("what a callback throws rejects the advance, and the clock can go on", async () => {
  const clock = new VirtualClock({ now: 0 })
  const boom = new Error("boom")
  clock.setTimer(() => {
    throw boom
  }, 10)
  await expect(clock.advance(20)).rejects.toBe(boom)
  expect(clock.now()).toBe(10)
  await clock.advance(10)
  expect(clock.now()).toBe(20)
})

test("settle, if given, is awaited before the first and after each timer", async () => {
  let settled = 0
  const clock = new VirtualClock({
    settle: async () => {
      settled++
      await Promise.resolve()
    },
  })
  clock.setTimer(() => {}, 1)
  clock.setTimer(() => {}, 2)
  await clock.advance(10)
  expect(settled).toBe(3)
})
