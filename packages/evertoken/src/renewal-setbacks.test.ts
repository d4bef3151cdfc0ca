import { expect, test } from "vitest"
import { ErrorBackoff } from "./error-backoff.js"
import { RenewalSetbacks } from "./renewal-setbacks.js"
import { errorOf, tokenOf } from "./testing/internal/answering-source.js"
import { VirtualClock } from "./testing/virtual-clock.js"
import { HeldToken } from "./token-lifetime.js"

const HOUR = 3_600_000

function setbacksOn(clock: VirtualClock, random = () => 0.999) {
  return new RenewalSetbacks({ clock, random, backoff: new ErrorBackoff() })
}

test("in the beginning nothing stands against an attempt", () => {
  const setbacks = setbacksOn(new VirtualClock())
  expect([setbacks.standing, setbacks.remainingMs(), setbacks.refusal()]).toEqual(["well", 0, undefined])
})

test("the pauses after failures grow, and the backoff is told what is left of the token", () => {
  const clock = new VirtualClock()
  const setbacks = setbacksOn(clock, () => 0.5)
  const held = new HeldToken(tokenOf("a", clock, { lifetimeMs: 20_000 }), clock)
  const pauses = Array.from({ length: 6 }, () => {
    setbacks.note(errorOf("ERR_TOKEN_REQUEST"), held)
    return setbacks.remainingMs()
  })
  expect(pauses).toEqual([500, 1_000, 2_000, 2_500, 2_500, 2_500])
  expect([setbacks.standing, setbacks.attempts, setbacks.lastError?.code]).toEqual(["failing", 6, "ERR_TOKEN_REQUEST"])
})

test("Retry-After is honoured", () => {
  const clock = new VirtualClock()
  const setbacks = setbacksOn(clock)
  setbacks.note(errorOf("ERR_TOKEN_RESPONSE", { retryAfterMs: 120_000 }), undefined)
  expect(setbacks.remainingMs()).toBe(120_000)
})

test("of a Retry-After beyond the token's end one attempt is kept shortly before it", () => {
  const clock = new VirtualClock()
  const setbacks = setbacksOn(clock)
  const held = new HeldToken(tokenOf("a", clock, { lifetimeMs: 100_000 }), clock)
  setbacks.note(errorOf("ERR_TOKEN_RESPONSE", { retryAfterMs: HOUR }), held)
  expect(setbacks.remainingMs()).toBe(95_000)
})

test("a success ends the series of failures", () => {
  const clock = new VirtualClock()
  const setbacks = setbacksOn(clock)
  setbacks.note(errorOf("ERR_TOKEN_REQUEST"), undefined)
  setbacks.note(errorOf("ERR_TOKEN_REQUEST"), undefined)
  setbacks.clear()
  expect([setbacks.standing, setbacks.attempts, setbacks.lastError]).toEqual(["well", 0, undefined])
  setbacks.note(errorOf("ERR_TOKEN_REQUEST"), undefined)
  expect([setbacks.attempts, setbacks.remainingMs()]).toEqual([1, 999])
})

test("a configuration error allows one attempt a minute", async () => {
  const clock = new VirtualClock()
  const setbacks = setbacksOn(clock)
  setbacks.note(errorOf("ERR_TOKEN_RESPONSE", { transient: false }), undefined)
  expect([setbacks.standing, setbacks.remainingMs()]).toEqual(["misconfigured", 60_000])
  await clock.advance(60_000)
  expect(setbacks.refusal()).toBeUndefined()
  setbacks.note(errorOf("ERR_TOKEN_RESPONSE", { transient: false, retryAfterMs: 90_000 }), undefined)
  expect(setbacks.remainingMs()).toBe(90_000)
})

test("no Retry-After of a configuration error ends the attempts for good", () => {
  const setbacks = setbacksOn(new VirtualClock())
  setbacks.note(errorOf("ERR_TOKEN_RESPONSE", { transient: false, retryAfterMs: 1e15 }), undefined)
  expect(setbacks.remainingMs()).toBe(3_600_000)
})

test("a refused grant allows no attempt", () => {
  const setbacks = setbacksOn(new VirtualClock())
  const error = errorOf("ERR_REAUTHENTICATION_REQUIRED", { transient: false })
  setbacks.note(error, undefined)
  expect([setbacks.standing, setbacks.remainingMs()]).toEqual(["reauthentication-required", Infinity])
  expect(setbacks.refusal()).toBe(error)
})

test("a sign-out allows no attempt, and is no failure", () => {
  const setbacks = setbacksOn(new VirtualClock())
  const error = errorOf("ERR_REAUTHENTICATION_REQUIRED", { transient: false })
  setbacks.noteSignOut(error)
  expect([setbacks.standing, setbacks.attempts, setbacks.remainingMs()]).toEqual(["signed-out", 0, Infinity])
  expect(setbacks.refusal()).toBe(error)
})

test("who is refused learns why, and when the next attempt is", async () => {
  const clock = new VirtualClock()
  const setbacks = setbacksOn(clock)
  setbacks.note(errorOf("ERR_TOKEN_REQUEST"), undefined)
  await clock.advance(499)
  expect(setbacks.refusal()).toMatchObject({ code: "ERR_TOKEN_REQUEST", transient: true, retryAfterMs: 500 })
})

test("a rest is no failure: who is refused meanwhile learns that there is nothing newer", () => {
  const setbacks = setbacksOn(new VirtualClock())
  setbacks.note(errorOf("ERR_TOKEN_REQUEST"), undefined)
  setbacks.rest(5_000)
  expect([setbacks.standing, setbacks.attempts, setbacks.remainingMs()]).toEqual(["well", 0, 5_000])
  expect(setbacks.refusal()).toMatchObject({ code: "ERR_TOKEN_UNCHANGED", retryAfterMs: 5_000 })
  setbacks.endRest()
  expect(setbacks.remainingMs()).toBe(0)
})

test("the end of a rest does not end the pause after a failure", () => {
  const setbacks = setbacksOn(new VirtualClock())
  setbacks.note(errorOf("ERR_TOKEN_REQUEST"), undefined)
  setbacks.endRest()
  expect(setbacks.remainingMs()).toBe(999)
})

test("hastened, the next attempt comes a second after the last failure, never later than planned", async () => {
  const clock = new VirtualClock()
  const setbacks = setbacksOn(clock)
  setbacks.hasten()
  expect(setbacks.remainingMs()).toBe(0)
  for (let attempt = 0; attempt < 8; attempt++) setbacks.note(errorOf("ERR_TOKEN_REQUEST"), undefined)
  await clock.advance(400)
  setbacks.hasten()
  setbacks.hasten()
  expect(setbacks.remainingMs()).toBe(600)
  setbacks.clear()
  setbacks.note(errorOf("ERR_TOKEN_REQUEST"), undefined)
  setbacks.hasten()
  expect(setbacks.remainingMs()).toBe(999)
})
