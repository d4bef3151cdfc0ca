import { expect, test } from "vitest"
import { seededRandom } from "./random.js"
import { SharedTimer } from "./shared-timer.js"
import { VirtualClock } from "./testing/virtual-clock.js"

test("any number of timers take one of the clock's, and fire in the order of their moments", async () => {
  const clock = new VirtualClock()
  const shared = new SharedTimer(clock)
  const random = seededRandom(7)
  const fired: number[] = []
  const moments = Array.from({ length: 500 }, () => Math.floor(random() * 100_000))
  for (const moment of moments) shared.create(() => fired.push(moment)).set(moment, { ref: false })
  expect(clock.pendingTimers).toBe(1)
  await clock.advance(100_000)
  expect(fired).toEqual(moments.toSorted((a, b) => a - b))
  expect(clock.pendingTimers).toBe(0)
})

test("timers that are set again or cancelled, in any order, fire as they were set last", async () => {
  const clock = new VirtualClock()
  const shared = new SharedTimer(clock)
  const random = seededRandom(11)
  const fired = new Map<number, number[]>()
  const expected = new Map<number, number[]>()
  const timers = Array.from({ length: 60 }, (_, n) =>
    shared.create(() => fired.set(n, [...(fired.get(n) ?? []), clock.monotonic()])),
  )
  for (let round = 0; round < 400; round++) {
    const n = Math.floor(random() * timers.length)
    const inMs = 1 + Math.floor(random() * 50_000)
    if (random() < 0.3) {
      timers[n]?.cancel()
      expected.delete(n)
    } else {
      timers[n]?.set(inMs, { ref: false })
      expected.set(n, [clock.monotonic() + inMs])
    }
  }
  await clock.advance(60_000)
  expect([...fired].toSorted()).toEqual([...expected].toSorted())
})

test("one that is due in thirty days fires then", async () => {
  const clock = new VirtualClock()
  const days = 24 * 3_600_000
  let fired = 0
  new SharedTimer(clock).create(() => fired++).set(30 * days, { ref: false })
  await clock.advance(30 * days - 1)
  expect(fired).toBe(0)
  await clock.advance(1)
  expect(fired).toBe(1)
})

test("the process is kept alive as long as one of them asks for it", () => {
  const clock = new VirtualClock()
  const shared = new SharedTimer(clock)
  const [idle, awaited] = [shared.create(() => undefined), shared.create(() => undefined)]
  idle.set(100, { ref: false })
  expect(clock.refTimers).toBe(0)
  awaited.set(1_000, { ref: true })
  expect(clock.refTimers).toBe(1)
  awaited.set(1_000, { ref: false })
  expect(clock.refTimers).toBe(0)
  awaited.set(1_000, { ref: true })
  awaited.cancel()
  expect([clock.refTimers, clock.pendingTimers]).toEqual([0, 1])
  idle.cancel()
  expect(clock.pendingTimers).toBe(0)
})

test("a wall clock that was set wakes all of them, within a slice", async () => {
  const clock = new VirtualClock()
  const shared = new SharedTimer(clock)
  let woken = 0
  for (let n = 0; n < 3; n++) shared.create(() => woken++).set((n + 1) * 3_600_000, { ref: false })
  clock.stepWall(24 * 3_600_000)
  await clock.advance(30_000)
  expect(woken).toBe(3)
})

test("one that sets itself or another while it fires goes on", async () => {
  const clock = new VirtualClock()
  const shared = new SharedTimer(clock)
  let ticks = 0
  const other = shared.create(() => (ticks += 100))
  const timer = shared.create(() => {
    if (++ticks < 5) timer.set(10, { ref: false })
    else other.set(10, { ref: false })
  })
  timer.set(10, { ref: false })
  await clock.advance(60)
  expect(ticks).toBe(105)
})

test("timers that are set again and again hide no step of the wall clock from the others", async () => {
  const clock = new VirtualClock()
  const shared = new SharedTimer(clock)
  let woken = 0
  shared.create(() => woken++).set(10 * 3_600_000, { ref: false })
  const busy = shared.create(() => undefined)
  clock.stepWall(24 * 3_600_000)
  for (let calls = 0; calls < 3; calls++) {
    busy.set(3_600_000, { ref: calls % 2 === 0 })
    await clock.advance(20_000)
  }
  expect(woken).toBe(1)
})

test("a step wakes all of them once; small steps add up to one", async () => {
  const clock = new VirtualClock()
  const shared = new SharedTimer(clock)
  let woken = 0
  const timer = shared.create(() => {
    woken++
    timer.set(3_600_000, { ref: false })
  })
  timer.set(3_600_000, { ref: false })
  const wokenAfter: number[] = []
  for (const byMs of [600, 600, 0, 600, -600, -600]) {
    clock.stepWall(byMs)
    await clock.advance(30_000)
    wokenAfter.push(woken)
  }
  expect(wokenAfter).toEqual([0, 1, 1, 1, 1, 1])
})

test("one that kept nothing alive takes nothing from those that do", () => {
  const clock = new VirtualClock()
  const shared = new SharedTimer(clock)
  const [idle, awaited] = [shared.create(() => undefined), shared.create(() => undefined)]
  idle.set(100, { ref: false })
  idle.cancel()
  awaited.set(1_000, { ref: true })
  expect(clock.refTimers).toBe(1)
})
