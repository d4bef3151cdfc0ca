import { expect, test } from "vitest"
import { sleep } from "./clock.js"
import { TokenError } from "./errors.js"
import { EventLog } from "./testing/internal/event-log.js"
import { ScriptedSource } from "./testing/internal/scripted-source.js"
import { Simulation, type ProcessOptions } from "./testing/internal/simulation.js"
import type { TokenSource } from "./token-source.js"

type Preparation = NonNullable<TokenSource["prepare"]>

/** A rotating issuer, and a source that prepares as told. */
class Prepared extends Simulation {
  readonly refreshToken = this.issuer.signIn()

  process(prepare: Preparation, options: ProcessOptions = {}) {
    const source = new ScriptedSource(this.issuer, { refreshToken: this.refreshToken })
    return this.start(Object.assign(source, { prepare }), options)
  }
}

const unreachable = new TokenError("ERR_TOKEN_REQUEST", "no metadata", { transient: true })

test("what can be done before anything is spent is done before the claim", async () => {
  const world = new Prepared()
  const log = new EventLog()
  let before: readonly string[] = []
  const { tokens } = world.process(async () => {
    await sleep(world.clock, 4_000)
    before = log.of("step").map(({ step }) => step)
  })
  await world.outcome(tokens.getToken())
  log.end()
  expect([before, log.of("step").map(({ step }) => step)]).toEqual([
    ["looked"],
    ["looked", "claimed", "looked-again", "marked", "sending", "answered", "committed", "released"],
  ])
})

test("a preparation that fails spends nothing, claims nothing, and is told as what it is", async () => {
  const world = new Prepared()
  const log = new EventLog()
  const failures: Error[] = [unreachable, Object.assign(new Error("canary"), { code: "ECONNRESET" })]
  const { tokens, connection } = world.process(async () => {
    const failure = failures.shift()
    if (failure !== undefined) throw failure
  })
  expect(await world.failure(tokens.getToken())).toMatchObject({ code: "ERR_TOKEN_REQUEST", ambiguous: false })
  expect(await world.failure(tokens.getToken())).toMatchObject({ code: "ERR_TOKEN_REQUEST" })
  await world.clock.advance(1_000)
  const foreign = await world.failure(tokens.getToken())
  expect(foreign).toMatchObject({ code: "ERR_TOKEN_SOURCE", transient: true, ambiguous: false })
  expect(String(foreign)).not.toContain("canary")
  expect([world.issuer.requests.length, connection.asked.get("claim.take")]).toEqual([0, undefined])
  expect(log.of("renewal-failed").map(({ attempt }) => attempt)).toEqual([1, 2])
  await world.clock.advance(2_000)
  await world.outcome(tokens.getToken())
  expect(world.issuer.requests).toHaveLength(1)
  log.end()
})

test("a preparation has as long as a request, and its end is not ambiguous: nothing was sent", async () => {
  const world = new Prepared()
  const { tokens } = world.process(() => new Promise(() => {}), { requestTimeoutMs: 3_000 })
  const failure = await world.failure(tokens.getToken(), 3_000)
  expect(failure).toMatchObject({ code: "ERR_TOKEN_REQUEST_TIMEOUT", transient: true, ambiguous: false })
  expect(world.issuer.requests).toEqual([])
  expect(world.clock.pendingTimers).toBe(0)
})

test("closing ends a preparation at once: nothing was sent", async () => {
  const world = new Prepared()
  let reason: unknown
  const { tokens, connection } = world.process((signal) => {
    signal.addEventListener("abort", () => {
      reason = signal.reason
    })
    return new Promise(() => {})
  })
  const failing = world.begin(tokens.getToken())
  await world.clock.advance(100)
  await world.outcome(tokens.close(), 100)
  expect(await world.failure(failing)).toMatchObject({ code: "ERR_TOKEN_SOURCE_CLOSED", ambiguous: false })
  expect(reason).toMatchObject({ code: "ERR_TOKEN_SOURCE_CLOSED" })
  expect(connection.asked.get("claim.take")).toBeUndefined()
  expect(world.clock.pendingTimers).toBe(0)
})

test("another's write during a preparation is adopted, and nothing is sent", async () => {
  const world = new Prepared()
  const { tokens } = world.process(() => sleep(world.clock, 4_000))
  const token = tokens.getToken()
  await world.clock.advance(100)
  const elsewhere = await world.outcome(world.process(() => Promise.resolve()).tokens.getToken())
  expect((await world.outcome(token)).accessToken).toBe(elsewhere.accessToken)
  expect(world.issuer.requests).toHaveLength(1)
  expect(world.issuer.replayed).toEqual([])
})

test("one preparation a renewal, however long it waits; none for what can be repeated", async () => {
  const world = new Prepared()
  let prepared = 0
  const prepare = async () => {
    prepared++
  }
  const owner = world.process(prepare)
  world.issuer.next("hangs-processed")
  void world.begin(owner.tokens.getToken())
  await world.clock.advance(50)
  await world.failure(world.process(prepare).tokens.getToken())
  expect(prepared).toBe(2)
  const repeatable = Object.assign(new ScriptedSource(world.issuer, { subject: "other" }), { prepare })
  await world.outcome(world.start(repeatable, { key: "other" }).tokens.getToken())
  expect(prepared).toBe(2)
})

test("a refresh token that was refused is not prepared for", async () => {
  const world = new Prepared()
  let prepared = 0
  const { tokens } = world.process(async () => {
    prepared++
  })
  world.issuer.next("invalid-grant")
  await world.failure(tokens.getToken())
  expect(await world.failure(tokens.getToken())).toMatchObject({ code: "ERR_REAUTHENTICATION_REQUIRED" })
  expect(prepared).toBe(1)
})
