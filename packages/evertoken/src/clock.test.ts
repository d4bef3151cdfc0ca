import { getEventListeners } from "node:events"
import { describe, expect, test } from "vitest"
import { sleep, systemClock } from "./clock.js"
import { VirtualClock } from "./testing/virtual-clock.js"

const timersThatHoldTheProcess = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length

describe("the system clock", () => {
  test("tells the wall time, and a time that does not go back", () => {
    const [before, monotonic] = [Date.now(), systemClock.monotonic()]
    expect(systemClock.now()).toBeGreaterThanOrEqual(before)
    expect(systemClock.monotonic()).toBeGreaterThanOrEqual(monotonic)
  })

  test("calls back once", async () => {
    let calls = 0
    systemClock.setTimer(() => calls++, 1)
    await new Promise<void>((resolve) => systemClock.setTimer(resolve, 20))
    expect(calls).toBe(1)
  })

  test("does not call back after it was cancelled, and cancelling twice is harmless", async () => {
    let calls = 0
    const timer = systemClock.setTimer(() => calls++, 1)
    timer.cancel()
    timer.cancel()
    await new Promise<void>((resolve) => systemClock.setTimer(resolve, 20))
    expect(calls).toBe(0)
  })

  test("holds the process for a timer, unless it is told not to", () => {
    const before = timersThatHoldTheProcess()
    const idle = systemClock.setTimer(() => {}, 60_000, { ref: false })
    expect(timersThatHoldTheProcess()).toBe(before)
    const timer = systemClock.setTimer(() => {}, 60_000)
    expect(timersThatHoldTheProcess()).toBe(before + 1)
    timer.cancel()
    idle.cancel()
    expect(timersThatHoldTheProcess()).toBe(before)
  })
})

describe("sleep", () => {
  test("ends after the delay, and no sooner", async () => {
    const clock = new VirtualClock()
    let awake = false
    const sleeping = sleep(clock, 100).then(() => (awake = true))
    await clock.advance(99)
    expect(awake).toBe(false)
    await clock.advance(1)
    expect(awake).toBe(true)
    await sleeping
  })

  test("holds the process, unless it is told not to", () => {
    const clock = new VirtualClock()
    void sleep(clock, 10)
    void sleep(clock, 10, { ref: false })
    expect([clock.pendingTimers, clock.refTimers]).toEqual([2, 1])
  })

  test("rejects with the signal's reason when aborted, and leaves no timer", async () => {
    const clock = new VirtualClock()
    const controller = new AbortController()
    const sleeping = sleep(clock, 100, { signal: controller.signal })
    const reason = { not: "an Error" }
    controller.abort(reason)
    await expect(sleeping).rejects.toBe(reason)
    expect(clock.pendingTimers).toBe(0)
  })

  test("rejects at once with the reason of a signal aborted before, and sets no timer", async () => {
    const clock = new VirtualClock()
    const reason = new Error("before")
    const sleeping = sleep(clock, 100, { signal: AbortSignal.abort(reason) })
    expect(clock.pendingTimers).toBe(0)
    await expect(sleeping).rejects.toBe(reason)
  })

  test("leaves no listener on a signal that outlives it", async () => {
    const clock = new VirtualClock()
    const { signal } = new AbortController()
    const sleeping = sleep(clock, 100, { signal })
    expect(getEventListeners(signal, "abort")).toHaveLength(1)
    await clock.advance(100)
    await sleeping
    expect(getEventListeners(signal, "abort")).toHaveLength(0)
  })

  test("an abort after its end changes nothing", async () => {
    const clock = new VirtualClock()
    const controller = new AbortController()
    const sleeping = sleep(clock, 100, { signal: controller.signal })
    await clock.advance(100)
    controller.abort(new Error("late"))
    await expect(sleeping).resolves.toBeUndefined()
  })
})
