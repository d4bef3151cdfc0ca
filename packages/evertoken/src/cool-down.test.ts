import { expect, test } from "vitest"
import { CoolDown } from "./cool-down.js"
import { ErrorBackoff } from "./error-backoff.js"
import { TokenError } from "./errors.js"
import { VirtualClock } from "./testing/virtual-clock.js"
import { HeldToken } from "./token-lifetime.js"
import { Token } from "./token.js"

const transient = new TokenError("ERR_TOKEN_REQUEST", "no answer", { transient: true })
const terminal = new TokenError("ERR_TOKEN_RESPONSE", "invalid_client", { transient: false })

function coolDown(clock = new VirtualClock()) {
  return { clock, pause: new CoolDown({ clock, random: () => 0.5, backoff: new ErrorBackoff() }) }
}

function held(clock: VirtualClock, leftMs: number): HeldToken {
  const issuedAt = clock.now()
  const token = new Token({ accessToken: "token", issuedAt, staleAt: issuedAt, expiresAt: issuedAt + leftMs })
  return new HeldToken(token, clock)
}

test("before a failure nothing stands", () => {
  const { pause } = coolDown()
  expect([pause.attempt, pause.remainingMs(), pause.standing()]).toEqual([0, 0, undefined])
})

test("a failure stands for its pause, with what remains of it, and is its own cause", async () => {
  const { clock, pause } = coolDown()
  const noted = pause.begin(transient, undefined)
  expect(noted).toMatchObject({ code: "ERR_TOKEN_REQUEST", retryAfterMs: 500, cause: transient })
  await clock.advance(200)
  expect(pause.standing()).toMatchObject({ code: "ERR_TOKEN_REQUEST", retryAfterMs: 300, cause: transient })
  await clock.advance(300)
  expect([pause.attempt, pause.remainingMs(), pause.standing()]).toEqual([1, 0, undefined])
})

test("a timer that fires a little early finds the pause over", async () => {
  const { clock, pause } = coolDown()
  pause.begin(transient, undefined)
  await clock.advance(494)
  expect(pause.remainingMs()).toBe(6)
  await clock.advance(1)
  expect(pause.remainingMs()).toBe(0)
})

test("each failure counts, and a success begins anew", () => {
  const { pause } = coolDown()
  const pauses = [1, 2, 3].map(() => pause.begin(transient, undefined).retryAfterMs)
  expect(pauses).toEqual([500, 1_000, 2_000])
  expect(pause.attempt).toBe(3)
  pause.end()
  expect([pause.attempt, pause.standing()]).toEqual([0, undefined])
  expect(pause.begin(transient, undefined).retryAfterMs).toBe(500)
})

test("what no waiting mends is tried again in a minute", () => {
  const { pause } = coolDown()
  expect(pause.begin(terminal, undefined)).toMatchObject({ retryAfterMs: 60_000, transient: false })
})

test("a pause is at least as long as asked for, whatever the failure", () => {
  const { pause } = coolDown()
  expect(pause.begin(transient, undefined, { atLeastMs: 9_000 }).retryAfterMs).toBe(9_000)
  expect(pause.begin(terminal, undefined, { atLeastMs: 90_000 }).retryAfterMs).toBe(90_000)
})

test("what is left of the token hurries, and a Retry-After leaves a last chance before its end", () => {
  const { clock, pause } = coolDown()
  for (let attempt = 0; attempt < 10; attempt++) pause.begin(transient, undefined)
  expect(pause.begin(transient, undefined).retryAfterMs).toBe(30_000)
  expect(pause.begin(transient, held(clock, 40_000)).retryAfterMs).toBe(5_000)
  const later = new TokenError("ERR_TOKEN_RESPONSE", "later", { transient: true, retryAfterMs: 3_000_000 })
  expect(pause.begin(later, held(clock, 40_000)).retryAfterMs).toBe(36_000)
  expect(pause.begin(later, undefined).retryAfterMs).toBe(3_000_000)
})

test("a machine that slept through the pause has waited", () => {
  const { clock, pause } = coolDown()
  pause.begin(terminal, undefined)
  clock.suspend(59_000)
  expect(pause.remainingMs()).toBe(1_000)
  clock.suspend(1_000)
  expect([pause.remainingMs(), pause.standing()]).toEqual([0, undefined])
})

test("a wall clock that is set back does not prolong the pause, and one set forward none after it", async () => {
  const { clock, pause } = coolDown()
  pause.begin(transient, undefined)
  clock.stepWall(-86_400_000)
  await clock.advance(500)
  expect(pause.remainingMs()).toBe(0)
  clock.stepWall(86_400_000)
  expect(pause.begin(terminal, undefined).retryAfterMs).toBe(60_000)
  expect(pause.remainingMs()).toBe(60_000)
})

test("what may be under way yet is not sent again sooner for a step of the wall clock, nor for who insists", async () => {
  const { clock, pause } = coolDown()
  pause.begin(terminal, undefined, { atLeastMs: 9_000 })
  clock.stepWall(86_400_000)
  pause.insist()
  expect(pause.remainingMs()).toBe(9_000)
  await clock.advance(9_000)
  expect(pause.standing()).toBeUndefined()
})

test("who insists passes the pause, and the failures go on being counted", () => {
  const { pause } = coolDown()
  pause.begin(transient, undefined)
  pause.begin(terminal, undefined)
  pause.insist()
  expect([pause.remainingMs(), pause.standing(), pause.attempt]).toEqual([0, undefined, 2])
  expect(pause.begin(transient, undefined).retryAfterMs).toBe(2_000)
  expect(pause.remainingMs()).toBe(2_000)
})

test("who insists does not pass the time that the issuer asked for", () => {
  const { pause } = coolDown()
  pause.begin(new TokenError("ERR_TOKEN_RESPONSE", "later", { transient: true, retryAfterMs: 30_000 }), undefined)
  pause.insist()
  expect(pause.remainingMs()).toBe(30_000)
  pause.begin(new TokenError("ERR_TOKEN_RESPONSE", "later", { transient: false, retryAfterMs: 3_000_000 }), undefined)
  pause.insist()
  expect(pause.standing()).toMatchObject({ retryAfterMs: 60_000 })
})

test("where nothing failed there is nothing to pass", () => {
  const { pause } = coolDown()
  pause.begin(new TokenError("ERR_TOKEN_RESPONSE", "later", { transient: true, retryAfterMs: 30_000 }), undefined)
  pause.end()
  pause.insist()
  expect([pause.remainingMs(), pause.standing()]).toEqual([0, undefined])
})
