import { channel, hasSubscribers, subscribe, unsubscribe } from "node:diagnostics_channel"
import { expect, expectTypeOf, test } from "vitest"
import { onTokenEvent, publish, type TokenEvents } from "./events.js"

const STEPPED = { byMs: 3_600_000 }

test("a listener gets each event of its name, until it leaves", () => {
  const seen: TokenEvents["clock-stepped"][] = []
  const leave = onTokenEvent("clock-stepped", (event) => seen.push(event))
  publish("clock-stepped", STEPPED)
  publish("lifetime-assumed", { defaultLifetimeMs: 300_000, reason: "absent" })
  publish("clock-stepped", { byMs: -1 })
  leave()
  publish("clock-stepped", STEPPED)
  expect(seen).toEqual([STEPPED, { byMs: -1 }])
})

test("leaving twice is harmless, and other listeners stay", () => {
  const told: string[] = []
  const leave = onTokenEvent("clock-stepped", () => told.push("left"))
  const stay = onTokenEvent("clock-stepped", () => told.push("stays"))
  leave()
  leave()
  publish("clock-stepped", STEPPED)
  expect(told).toEqual(["stays"])
  stay()
  expect(hasSubscribers("evertoken:clock-stepped")).toBe(false)
})

test("events are on the diagnostics channel of their name, for tools that know nothing of this library", () => {
  const seen: unknown[] = []
  const subscriber = (event: unknown) => seen.push(event)
  subscribe("evertoken:clock-stepped", subscriber)
  publish("clock-stepped", STEPPED)
  unsubscribe("evertoken:clock-stepped", subscriber)
  publish("clock-stepped", STEPPED)
  expect(seen).toEqual([STEPPED])
})

test("without a subscriber an event is not even looked at", () => {
  let looks = 0
  const event = new Proxy(STEPPED, {
    get: () => looks++,
    ownKeys: () => (looks++, []),
  })
  publish("clock-stepped", event)
  expect(looks).toBe(0)
  expect(hasSubscribers("evertoken:clock-stepped")).toBe(false)
})

test("what somebody else writes to a channel does not reach a listener, unless it is an object", () => {
  const seen: unknown[] = []
  const leave = onTokenEvent("clock-stepped", (event) => seen.push(event))
  for (const foreign of [undefined, null, "text", 1]) channel("evertoken:clock-stepped").publish(foreign)
  publish("clock-stepped", STEPPED)
  leave()
  expect(seen).toEqual([STEPPED])
})

test("an event has plain values only: no token, no error, nothing that could carry a secret", () => {
  type Value = TokenEvents[keyof TokenEvents] extends infer Event
    ? Event extends unknown
      ? Event[keyof Event]
      : never
    : never
  expectTypeOf<Value>().toExtend<string | number | boolean | undefined>()
})

test("a listener knows the type of its events", () => {
  onTokenEvent("renewed", (event) => expectTypeOf(event).toEqualTypeOf<TokenEvents["renewed"]>())()
  onTokenEvent("cache-failed", (event) => expectTypeOf(event.code).toEqualTypeOf<string>())()
})
