import { getEventListeners } from "node:events"
import { expect, test } from "vitest"
import { patiently, SingleFlight } from "./single-flight.js"

test("whoever comes while a task runs gets its outcome, and the next one after it runs anew", async () => {
  const flight = new SingleFlight<number>()
  let runs = 0
  const task = async () => ++runs
  const [one, two] = [flight.run(task), flight.run(task)]
  expect(flight.running).toBe(one)
  expect(await Promise.all([one, two])).toEqual([1, 1])
  expect(flight.running).toBeUndefined()
  expect(await flight.run(task)).toBe(2)
})

test("a failure is shared, and not remembered", async () => {
  const flight = new SingleFlight<number>()
  const failing = () => Promise.reject(new Error("no"))
  const outcomes = await Promise.allSettled([flight.run(failing), flight.run(failing)])
  expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"])
  expect(await flight.run(async () => 1)).toBe(1)
})

test("without a signal the promise itself is the outcome", () => {
  const promise = Promise.resolve(1)
  expect(patiently(promise, undefined)).toBe(promise)
})

test("an outcome that comes in time is passed on, and the signal let go", async () => {
  const { signal } = new AbortController()
  expect(await patiently(Promise.resolve(1), signal)).toBe(1)
  await expect(patiently(Promise.reject(new Error("no")), signal)).rejects.toThrow("no")
  await Promise.resolve()
  expect(getEventListeners(signal, "abort")).toEqual([])
})

test("an abort rejects at once with its reason, whatever it is", async () => {
  const patience = new AbortController()
  const waiting = patiently(new Promise(() => {}), patience.signal)
  patience.abort("enough")
  await expect(waiting).rejects.toBe("enough")
})

test("what is no signal rejects, and what fails later is no unhandled rejection", async () => {
  const none: readonly unknown[] = [null, {}, "signal"]
  for (const signal of none) {
    await expect(patiently(Promise.reject(new Error("later")), signal as never)).rejects.toThrow(TypeError)
  }
})

test("a signal aborted before rejects, and what fails later is no unhandled rejection", async () => {
  await expect(patiently(Promise.reject(new Error("later")), AbortSignal.abort("no"))).rejects.toBe("no")
})
