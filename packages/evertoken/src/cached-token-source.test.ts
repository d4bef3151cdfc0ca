import { expect, test } from "vitest"
import { CachedTokenSource } from "./cached-token-source.js"
import { MemoryTokenCache } from "./memory-token-cache.js"
import { EventLog } from "./testing/internal/event-log.js"
import { ScriptedSource } from "./testing/internal/scripted-source.js"
import { Simulation } from "./testing/internal/simulation.js"
import { VirtualClock } from "./testing/virtual-clock.js"
import { Token } from "./token.js"

const STALE = 460_000 // of a lifetime of 600 s

test("a thousand cold callers share one request", async () => {
  const world = new Simulation()
  const { tokens } = world.start(new ScriptedSource(world.issuer))
  const all = await world.outcome(Promise.all(Array.from({ length: 1_000 }, () => tokens.getToken())))
  expect(new Set(all).size).toBe(1)
  expect(world.issuer.requests).toHaveLength(1)
})

test("processes that start at once on an empty store share one request, and one again at the next renewal", async () => {
  const world = new Simulation()
  const refreshToken = world.issuer.signIn()
  const sources = Array.from(
    { length: 8 },
    () => world.start(new ScriptedSource(world.issuer, { refreshToken })).tokens,
  )
  const first = await world.outcome(Promise.all(sources.map((tokens) => tokens.getToken())))
  expect(new Set(first.map(({ accessToken }) => accessToken)).size).toBe(1)
  expect(world.issuer.requests).toHaveLength(1)
  const second = await world.outcome(Promise.all(sources.map((tokens) => tokens.getToken({ newerThan: first[0] }))))
  expect(new Set(second.map(({ accessToken }) => accessToken)).size).toBe(1)
  expect(world.issuer.requests).toHaveLength(2)
})

test("a fresh token costs no request and no I/O, and is the very same promise", async () => {
  const world = new Simulation()
  const { tokens, connection } = world.start(new ScriptedSource(world.issuer))
  await world.outcome(tokens.getToken())
  const asked = new Map(connection.asked)
  const again = tokens.getToken()
  expect(tokens.getToken()).toBe(again)
  await again
  expect(connection.asked).toEqual(asked)
  expect(world.issuer.requests).toHaveLength(1)
})

test("a fresh token is at hand without a promise, and a stale one is not: who asks for it has it renewed", async () => {
  const world = new Simulation()
  const { tokens } = world.start(new ScriptedSource(world.issuer))
  expect(tokens.atHand()).toBeUndefined()
  const first = await world.outcome(tokens.getToken())
  expect(tokens.atHand()).toBe(first)
  await world.clock.advance(STALE)
  expect(tokens.atHand()).toBeUndefined()
  expect(world.issuer.requests).toHaveLength(1)
})

test("a stale token is returned at once, and renewed behind the caller's back", async () => {
  const world = new Simulation()
  const { tokens } = world.start(new ScriptedSource(world.issuer))
  const first = await world.outcome(tokens.getToken())
  await world.clock.advance(STALE)
  world.issuer.next("well")
  expect((await tokens.getToken()).accessToken).toBe(first.accessToken)
  await tokens.getToken()
  await world.clock.advance(1_000)
  expect((await tokens.getToken()).accessToken).not.toBe(first.accessToken)
  expect(world.issuer.requests).toHaveLength(2)
})

test("a background renewal that fails is told as an event, and rejects nowhere", async () => {
  const rejections: unknown[] = []
  const onRejection = (reason: unknown) => rejections.push(reason)
  process.on("unhandledRejection", onRejection)
  const log = new EventLog()
  try {
    const world = new Simulation()
    const { tokens } = world.start(new ScriptedSource(world.issuer))
    const first = await world.outcome(tokens.getToken())
    await world.clock.advance(STALE)
    world.issuer.usually("unavailable")
    expect(await tokens.getToken()).toBe(first)
    await world.clock.advance(1_000)
    expect(log.of("renewal-failed")).toMatchObject([{ code: "ERR_TOKEN_RESPONSE", transient: true, attempt: 1 }])
    expect(rejections).toEqual([])
  } finally {
    log.end()
    process.off("unhandledRejection", onRejection)
  }
})

test("an expired token is never served, not even when the source fails", async () => {
  const world = new Simulation()
  const { tokens } = world.start(new ScriptedSource(world.issuer))
  await world.outcome(tokens.getToken())
  world.issuer.usually("unavailable")
  await world.clock.advance(599_998)
  await expect(world.outcome(tokens.getToken({ minimumValidityMs: 300_000 }), 1)).rejects.toThrow("not settled")
  await world.clock.advance(1_000)
  expect(await world.failure(tokens.getToken())).toMatchObject({ code: "ERR_TOKEN_RESPONSE", status: 503 })
})

test("if the source fails, an unexpired token is the answer, whatever validity was asked for", async () => {
  const world = new Simulation()
  const { tokens } = world.start(new ScriptedSource(world.issuer))
  const first = await world.outcome(tokens.getToken())
  await world.clock.advance(400_000)
  world.issuer.usually("unavailable")
  expect(await world.outcome(tokens.getToken({ minimumValidityMs: 250_000 }))).toBe(first)
  expect(world.issuer.requests).toHaveLength(2)
})

test("a minimum validity is at most half of the lifetime: a token just issued always satisfies", async () => {
  const world = new Simulation()
  const { tokens } = world.start(new ScriptedSource(world.issuer))
  const first = await world.outcome(tokens.getToken({ minimumValidityMs: 86_400_000 }))
  expect(await world.outcome(tokens.getToken({ minimumValidityMs: 86_400_000 }))).toBe(first)
  expect(world.issuer.requests).toHaveLength(1)
  await world.clock.advance(301_000)
  expect(await world.outcome(tokens.getToken({ minimumValidityMs: 86_400_000 }))).not.toBe(first)
  expect(world.issuer.requests).toHaveLength(2)
})

test("who joins a renewal that yields what does not do for it starts over once", async () => {
  const world = new Simulation()
  const refreshToken = world.issuer.signIn()
  const one = world.start(new ScriptedSource(world.issuer, { refreshToken })).tokens
  const stored = await world.outcome(one.getToken())
  const { tokens } = world.start(new ScriptedSource(world.issuer, { refreshToken }))
  const cold = tokens.getToken()
  const joiner = tokens.getToken({ newerThan: stored })
  expect((await world.outcome(cold)).accessToken).toBe(stored.accessToken)
  expect((await world.outcome(joiner)).accessToken).not.toBe(stored.accessToken)
  expect(world.issuer.requests).toHaveLength(2)
})

test("who joins and starts over in vain is told that the token is unchanged, after one request of its own", async () => {
  const world = new Simulation()
  const one = world.start(new ScriptedSource(world.issuer)).tokens
  const stored = await world.outcome(one.getToken())
  const { tokens } = world.start(new ScriptedSource(world.issuer))
  world.issuer.usually("same-token")
  const cold = tokens.getToken()
  const joiner = tokens.getToken({ newerThan: stored.with({ version: undefined }) })
  expect(await world.failure(joiner)).toMatchObject({ code: "ERR_TOKEN_UNCHANGED", transient: true })
  expect((await cold).accessToken).toBe(stored.accessToken)
  expect(world.issuer.requests).toHaveLength(2)
})

test("one caller's signal cancels its own waiting, with its reason, and nobody else's", async () => {
  const world = new Simulation()
  const { tokens } = world.start(new ScriptedSource(world.issuer))
  const patience = new AbortController()
  const impatient = tokens.getToken({ signal: patience.signal })
  const patient = tokens.getToken()
  await world.clock.advance(50)
  const reason = new Error("enough")
  patience.abort(reason)
  await expect(impatient).rejects.toBe(reason)
  expect((await world.outcome(patient)).accessToken).toContain("access")
  expect(world.issuer.requests).toHaveLength(1)
})

test("a signal that is aborted already rejects, even with a fresh token at hand, and begins nothing", async () => {
  const world = new Simulation()
  const { tokens } = world.start(new ScriptedSource(world.issuer))
  const signal = AbortSignal.abort("no")
  await expect(tokens.getToken({ signal })).rejects.toBe("no")
  await world.clock.advance(1_000)
  expect(world.issuer.requests).toHaveLength(0)
  await world.outcome(tokens.getToken())
  await expect(tokens.getToken({ signal })).rejects.toBe("no")
})

test("when all callers have given up, the renewal still completes and is stored", async () => {
  const world = new Simulation()
  const refreshToken = world.issuer.signIn()
  const { tokens } = world.start(new ScriptedSource(world.issuer, { refreshToken }))
  const patience = new AbortController()
  const callers = [1, 2].map(() => tokens.getToken({ signal: patience.signal }))
  await world.clock.advance(50)
  patience.abort(new Error("enough"))
  await Promise.allSettled(callers)
  await world.clock.advance(1_000)
  const stored = await world.stored()
  expect(world.issuer.isLive(stored?.token?.refreshToken)).toBe(true)
  expect((await tokens.getToken()).accessToken).toBe(stored?.token?.accessToken)
})

test("an issuer that gives the same token again is not asked for every read of a stale one", async () => {
  const world = new Simulation()
  const constant = new Token({
    accessToken: "constant",
    issuedAt: world.clock.now() - 1_000,
    staleAt: world.clock.now() - 500,
    expiresAt: world.clock.now() + 600_000,
  })
  let asked = 0
  const { tokens } = world.start({ getToken: async () => (asked++, constant) })
  await world.outcome(tokens.getToken())
  for (let read = 0; read < 20; read++) {
    await tokens.getToken()
    await world.clock.advance(100)
  }
  expect(asked).toBeLessThanOrEqual(2)
})

test("a source whose tokens are expired when they come is not asked by every caller", async () => {
  const world = new Simulation()
  const past = world.clock.now() - 10_000
  const expired = new Token({ accessToken: "old", issuedAt: past, staleAt: past + 1, expiresAt: past + 2 })
  let asked = 0
  const { tokens } = world.start({ getToken: async () => (asked++, expired) })
  for (let read = 0; read < 20; read++) await world.failure(tokens.getToken())
  expect(asked).toBeLessThanOrEqual(2)
  expect(await world.failure(tokens.getToken())).toMatchObject({ code: "ERR_TOKEN_LIFETIME", transient: true })
})

test("another process's token that is the rejected one again is not renewed at once", async () => {
  const world = new Simulation()
  const one = world.start(new ScriptedSource(world.issuer)).tokens
  const two = world.start(new ScriptedSource(world.issuer)).tokens
  const token = await world.outcome(one.getToken())
  await world.outcome(two.getToken())
  world.issuer.usually("same-token")
  await world.failure(one.getToken({ newerThan: token }))
  expect(await world.failure(two.getToken({ newerThan: token }))).toMatchObject({ code: "ERR_TOKEN_UNCHANGED" })
  expect(world.issuer.requests).toHaveLength(2)
  await world.clock.advance(10_000)
  await world.failure(two.getToken({ newerThan: token }))
  expect(world.issuer.requests).toHaveLength(3)
})

test("without caches the token lives in this process, and is still one request for all", async () => {
  const world = new Simulation()
  const clock = world.clock
  const tokens = new CachedTokenSource(new ScriptedSource(world.issuer), { clock })
  const [a, b] = await world.outcome(Promise.all([tokens.getToken(), tokens.getToken()]))
  expect(a).toBe(b)
  await clock.advance(700_000)
  expect((await world.outcome(tokens.getToken())).accessToken).not.toBe(a.accessToken)
  expect(world.issuer.requests).toHaveLength(2)
})

test.each([
  ["source", () => new CachedTokenSource(undefined as never)],
  ["source", () => new CachedTokenSource({} as never)],
  ["caches", () => of({ caches: null as never })],
  ["caches", () => of({ caches: [{} as never] })],
  ["key", () => of({ key: "" })],
  ["key", () => of({ key: 7 as never })],
  ["requestTimeoutMs", () => of({ requestTimeoutMs: 0 })],
  ["requestTimeoutMs", () => of({ requestTimeoutMs: "5" as never })],
  ["claimTimeoutMs", () => of({ claimTimeoutMs: NaN })],
  ["storeTimeoutMs", () => of({ storeTimeoutMs: 2 ** 31 })],
  ["reuseLeewayMs", () => of({ reuseLeewayMs: -1 })],
  ["minimumIntervalMs", () => of({ minimumIntervalMs: Infinity })],
  ["initialMs", () => of({ backoff: { initialMs: 0 } })],
])("a wrong %s is a TypeError that names it", (name, make) => {
  expect(make).toThrow(TypeError)
  expect(make).toThrow(name)
})

function of(options: ConstructorParameters<typeof CachedTokenSource>[1]): CachedTokenSource {
  return new CachedTokenSource({ getToken: () => Promise.reject(new Error("unused")) }, options)
}

test("a source that spends what works once needs a durable cache with claims", () => {
  const world = new Simulation()
  const source = new ScriptedSource(world.issuer, { refreshToken: world.issuer.signIn() })
  const needsOne = /caches.*durable.*rotation: "none"/
  expect(() => new CachedTokenSource(source)).toThrow(needsOne)
  expect(() => new CachedTokenSource(source, { caches: [new MemoryTokenCache()] })).toThrow(needsOne)
  expect(() => new CachedTokenSource(source, { caches: [world.store.open()] })).not.toThrow()
})

test("the key is the grant's for a refresh token, that of grant and access for the rest", () => {
  const world = new Simulation()
  const caches = [world.store.open()]
  const keyOf = (options: ConstructorParameters<typeof ScriptedSource>[1]) =>
    new CachedTokenSource(new ScriptedSource(world.issuer, options), { caches }).key
  const refreshToken = world.issuer.signIn()
  expect(keyOf({ refreshToken, scope: "a" })).toBe(keyOf({ refreshToken, scope: "b" }))
  expect(keyOf({ refreshToken, subject: "a" })).not.toBe(keyOf({ refreshToken, subject: "b" }))
  expect(keyOf({ scope: "a" })).not.toBe(keyOf({ scope: "b" }))
  expect(new CachedTokenSource({ getToken: () => Promise.reject(new Error("unused")) }).key).toBe("token")
})

test("a clock that was set back makes a token due, and one set forward ends it", async () => {
  const clock = new VirtualClock()
  const world = new Simulation()
  expect(clock.now()).toBe(world.clock.now())
  const { tokens } = world.start(new ScriptedSource(world.issuer))
  const first = await world.outcome(tokens.getToken())
  world.clock.stepWall(-3_600_000)
  expect(await tokens.getToken()).toBe(first)
  await world.clock.advance(1_000)
  const second = await tokens.getToken()
  expect(second.accessToken).not.toBe(first.accessToken)
  world.clock.stepWall(86_400_000)
  expect((await world.outcome(tokens.getToken())).accessToken).not.toBe(second.accessToken)
  expect(world.issuer.requests).toHaveLength(3)
})
