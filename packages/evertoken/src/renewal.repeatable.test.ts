import { expect, test } from "vitest"
import { CachedTokenSource } from "./cached-token-source.js"
import { TokenError } from "./errors.js"
import { EventLog } from "./testing/internal/event-log.js"
import { ScriptedSource } from "./testing/internal/scripted-source.js"
import { Simulation } from "./testing/internal/simulation.js"

const STALE = 460_000

test("after a failure nobody hammers the issuer: who comes gets it again, with the time until the next attempt", async () => {
  const world = new Simulation()
  const { tokens } = world.start(new ScriptedSource(world.issuer))
  world.issuer.usually("too-many")
  const first = await world.failure(tokens.getToken())
  expect(first).toMatchObject({ code: "ERR_TOKEN_RESPONSE", status: 429, retryAfterMs: 30_000 })
  for (let call = 0; call < 100; call++) await world.failure(tokens.getToken())
  expect(world.issuer.requests).toHaveLength(1)
  await world.clock.advance(10_000)
  expect(await world.failure(tokens.getToken())).toMatchObject({ status: 429, retryAfterMs: 20_000 })
  world.issuer.usually("well")
  await world.clock.advance(20_000)
  await world.outcome(tokens.getToken())
  expect(world.issuer.requests).toHaveLength(2)
})

test("stale reads during the pause after a failure cost no request and no look at the store", async () => {
  const world = new Simulation()
  const { tokens, connection } = world.start(new ScriptedSource(world.issuer))
  const token = await world.outcome(tokens.getToken())
  await world.clock.advance(STALE)
  world.issuer.usually("too-many")
  await tokens.getToken()
  await world.clock.advance(500)
  const asked = connection.asked.get("get")
  for (let read = 0; read < 100; read++) expect(await tokens.getToken()).toBe(token)
  await world.clock.advance(100)
  expect(connection.asked.get("get")).toBe(asked)
  expect(world.issuer.requests).toHaveLength(2)
})

test("a Retry-After beyond the token's end leaves one attempt shortly before it", async () => {
  const world = new Simulation({ retryAfterMs: 3_600_000 })
  const { tokens } = world.start(new ScriptedSource(world.issuer))
  const token = await world.outcome(tokens.getToken())
  await world.clock.advance(STALE)
  world.issuer.next("too-many")
  await tokens.getToken()
  await world.clock.advance(1_000)
  while (world.issuer.requests.length < 3 && world.clock.now() < token.expiresAt - 1_000) {
    await tokens.getToken()
    await world.clock.advance(1_000)
  }
  expect(world.issuer.requests).toHaveLength(3)
  const lastChance = world.issuer.requests[2]?.at ?? 0
  expect(token.expiresAt - (world.clock.now() - world.clock.monotonic()) - lastChance).toBeLessThan(10_000)
})

test("a wrong configuration is tried again once a minute, no more often", async () => {
  const world = new Simulation()
  const { tokens } = world.start(new ScriptedSource(world.issuer))
  world.issuer.usually("invalid-client")
  for (let second = 0; second < 180; second++) {
    const failure = await world.failure(tokens.getToken())
    expect(failure).toMatchObject({ error: "invalid_client", transient: false })
    await world.clock.advance(1_000)
  }
  expect(world.issuer.requests.length).toBeGreaterThanOrEqual(3)
  expect(world.issuer.requests.length).toBeLessThanOrEqual(4)
  world.issuer.usually("well")
  await world.clock.advance(60_000)
  await world.outcome(tokens.getToken())
})

test("the pauses grow with each failure, up to a minute, and end with a success", async () => {
  const world = new Simulation()
  const log = new EventLog()
  const { tokens } = world.start(new ScriptedSource(world.issuer), { random: () => 0.999 })
  world.issuer.usually("refused")
  for (let attempt = 0; attempt < 9; attempt++) {
    const { retryAfterMs } = asTokenError(await world.failure(tokens.getToken()))
    await world.clock.advance(retryAfterMs ?? 0)
  }
  const pauses = log.of("renewal-failed").map(({ attempt, retryInMs }) => [attempt, Math.round(retryInMs / 1_000)])
  expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60].map((seconds, index) => [index + 1, seconds]))
  world.issuer.usually("well")
  const token = await world.outcome(tokens.getToken())
  world.issuer.usually("refused")
  await world.failure(tokens.getToken({ newerThan: token }))
  expect(log.of("renewal-failed").at(-1)).toMatchObject({ attempt: 1 })
  log.end()
})

test("who insists is not answered by the pause: a configuration that was repaired serves at once", async () => {
  const world = new Simulation()
  const { tokens } = world.start(new ScriptedSource(world.issuer))
  world.issuer.next("invalid-client")
  await world.failure(tokens.getToken())
  expect(await world.failure(tokens.getToken())).toMatchObject({ code: "ERR_TOKEN_RESPONSE" })
  await world.outcome(Promise.all([tokens.getToken({ insist: true }), tokens.getToken({ insist: true })]))
  expect(world.issuer.requests).toHaveLength(2)
})

test("who insists does not hasten an issuer that said when to come again", async () => {
  const world = new Simulation({ retryAfterMs: 30_000 })
  const { tokens } = world.start(new ScriptedSource(world.issuer))
  world.issuer.next("too-many")
  await world.failure(tokens.getToken())
  const failure = await world.failure(tokens.getToken({ insist: true }))
  expect(failure).toMatchObject({ code: "ERR_TOKEN_RESPONSE", status: 429, retryAfterMs: 30_000 })
  expect(world.issuer.requests).toHaveLength(1)
})

test("that somebody insists is passed on to the source, which may pause, too", async () => {
  const world = new Simulation()
  const inner = new CachedTokenSource(new ScriptedSource(world.issuer), { clock: world.clock, random: () => 0.5 })
  const { tokens } = world.start(inner)
  world.issuer.next("invalid-client")
  await world.failure(inner.getToken())
  await world.outcome(tokens.getToken({ insist: true }))
  expect(world.issuer.requests).toHaveLength(2)
})

test("another process's success ends the pause", async () => {
  const world = new Simulation()
  const one = world.start(new ScriptedSource(world.issuer))
  const two = world.start(new ScriptedSource(world.issuer))
  world.issuer.next("too-many")
  await world.failure(one.tokens.getToken())
  const token = await world.outcome(two.tokens.getToken())
  expect((await world.outcome(one.tokens.getToken())).accessToken).toBe(token.accessToken)
  await world.outcome(one.tokens.getToken({ newerThan: token }))
  expect(world.issuer.requests).toHaveLength(3)
})

test("another process's success ends the pause of one who still has a token, too", async () => {
  const world = new Simulation()
  const one = world.start(new ScriptedSource(world.issuer))
  const two = world.start(new ScriptedSource(world.issuer))
  const first = await world.outcome(one.tokens.getToken())
  await world.outcome(two.tokens.getToken())
  world.issuer.next("too-many")
  await world.failure(one.tokens.getToken({ newerThan: first }))
  const second = await world.outcome(two.tokens.getToken({ newerThan: first }))
  expect((await world.outcome(one.tokens.getToken({ newerThan: first }))).accessToken).toBe(second.accessToken)
  await world.outcome(one.tokens.getToken({ newerThan: second }))
  expect(world.issuer.requests).toHaveLength(4)
})

test("an issuer that never answers costs a request timeout, and its claim is given back", async () => {
  const world = new Simulation()
  const { tokens } = world.start(new ScriptedSource(world.issuer), { requestTimeoutMs: 2_000 })
  world.issuer.next("hangs")
  const failure = await world.failure(tokens.getToken(), 2_100)
  expect(failure).toMatchObject({ code: "ERR_TOKEN_REQUEST_TIMEOUT", transient: true, ambiguous: true })
  const other = world.start(new ScriptedSource(world.issuer))
  await world.outcome(other.tokens.getToken(), 500)
  expect(world.clock.pendingTimers).toBe(0)
})

test("a 503 is not kept where nothing works once: the next attempt claims anew", async () => {
  const world = new Simulation()
  const { tokens, connection } = world.start(new ScriptedSource(world.issuer))
  world.issuer.next("unavailable")
  await world.failure(tokens.getToken())
  expect(world.clock.pendingTimers).toBe(0)
  await world.clock.advance(60_000)
  await world.outcome(tokens.getToken())
  expect(connection.asked.get("claim.take")).toBe(2)
})

test("an invalid_grant that spent no refresh token is a failure like others, and tried again", async () => {
  const world = new Simulation()
  const { tokens } = world.start(new ScriptedSource(world.issuer))
  world.issuer.next("invalid-grant")
  expect(await world.failure(tokens.getToken())).toMatchObject({ code: "ERR_TOKEN_RESPONSE", error: "invalid_grant" })
  await world.clock.advance(60_000)
  await world.outcome(tokens.getToken())
  expect(world.issuer.requests).toHaveLength(2)
})

test("a refresh token that does not rotate is refused for good all the same", async () => {
  const world = new Simulation()
  const refreshToken = world.issuer.signIn()
  const { tokens } = world.start(new ScriptedSource(world.issuer, { refreshToken, singleUse: false }))
  world.issuer.next("invalid-grant")
  expect(await world.failure(tokens.getToken())).toMatchObject({ code: "ERR_REAUTHENTICATION_REQUIRED" })
  expect(await world.failure(tokens.getToken())).toMatchObject({ code: "ERR_REAUTHENTICATION_REQUIRED" })
  expect(world.issuer.requests).toHaveLength(1)
})

test("the source is asked with the newest token known, even an expired one, and what the caller needs", async () => {
  const world = new Simulation()
  const seen: unknown[] = []
  const inner = new ScriptedSource(world.issuer)
  const { tokens } = world.start({
    getToken: (request) => {
      seen.push(request?.previous?.accessToken, request?.newerThan?.accessToken, request?.minimumValidityMs)
      return inner.getToken(request)
    },
  })
  const first = await world.outcome(tokens.getToken({ minimumValidityMs: 5_000 }))
  await world.clock.advance(700_000)
  const second = await world.outcome(tokens.getToken())
  await world.outcome(tokens.getToken({ newerThan: second }))
  expect(seen).toEqual([
    ...[undefined, undefined, 5_000],
    ...[first.accessToken, undefined, undefined],
    ...[second.accessToken, second.accessToken, undefined],
  ])
})

test("503 for ten minutes, then well again: reads work until expiry, and again after it", async () => {
  const world = new Simulation()
  const { tokens } = world.start(new ScriptedSource(world.issuer))
  const token = await world.outcome(tokens.getToken())
  await world.clock.advance(STALE)
  world.issuer.usually("unavailable")
  while (world.clock.now() < token.expiresAt) {
    expect(await tokens.getToken()).toBe(token)
    await world.clock.advance(1_000)
  }
  for (let second = 0; second < 460; second++) {
    expect(await world.failure(tokens.getToken())).toMatchObject({ status: 503 })
    await world.clock.advance(1_000)
  }
  expect(world.issuer.requests.length).toBeLessThan(60)
  world.issuer.usually("well")
  await world.clock.advance(60_000)
  await world.outcome(tokens.getToken())
})

test("the same attempt fails once for a thousand callers, each of whom is told", async () => {
  const world = new Simulation()
  const log = new EventLog()
  const { tokens } = world.start(new ScriptedSource(world.issuer))
  world.issuer.next("refused")
  const callers = Array.from({ length: 1_000 }, () => tokens.getToken())
  const outcomes = await world.outcome(Promise.allSettled(callers))
  expect(outcomes.every(({ status }) => status === "rejected")).toBe(true)
  expect(log.of("renewal-failed")).toHaveLength(1)
  log.end()
})

function asTokenError(error: unknown): TokenError {
  if (error instanceof TokenError) return error
  throw new TypeError("it failed otherwise")
}
