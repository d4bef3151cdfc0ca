import { expect, test } from "vitest"
import { CachedTokenSource } from "./cached-token-source.js"
import { MemoryTokenCache } from "./memory-token-cache.js"
import type { TokenCache } from "./token-cache.js"
import { atStep, EventLog } from "./testing/internal/event-log.js"
import { ScriptedSource } from "./testing/internal/scripted-source.js"
import { KEY, Simulation } from "./testing/internal/simulation.js"
import { Token } from "./token.js"

const STALE = 460_000

test("a hit in the second cache fills the first", async () => {
  const world = new Simulation()
  const token = await world.outcome(world.start(new ScriptedSource(world.issuer)).tokens.getToken())
  const inner = new MemoryTokenCache({ clock: world.clock })
  const { tokens } = world.start(new ScriptedSource(world.issuer), { before: [inner] })
  expect((await world.outcome(tokens.getToken())).accessToken).toBe(token.accessToken)
  expect((await inner.get(KEY))?.version).toEqual(token.version)
  expect(world.issuer.requests).toHaveLength(1)
})

test("a hit in the first cache leaves the others alone", async () => {
  const world = new Simulation()
  const inner = new MemoryTokenCache({ clock: world.clock })
  const first = await world.outcome(
    world.start(new ScriptedSource(world.issuer), { before: [inner] }).tokens.getToken(),
  )
  const { tokens, connection } = world.start(new ScriptedSource(world.issuer), { before: [inner] })
  expect((await world.outcome(tokens.getToken())).accessToken).toBe(first.accessToken)
  expect(connection.asked.size).toBe(0)
})

test("an inner cache that is behind does not hide a newer token of the authority from who wants one", async () => {
  const world = new Simulation()
  const inner = new MemoryTokenCache({ clock: world.clock })
  const one = world.start(new ScriptedSource(world.issuer), { before: [inner] }).tokens
  const first = await world.outcome(one.getToken())
  const two = world.start(new ScriptedSource(world.issuer)).tokens
  const second = await world.outcome(two.getToken({ newerThan: first }))
  const three = world.start(new ScriptedSource(world.issuer), { before: [inner] }).tokens
  expect((await world.outcome(three.getToken({ newerThan: first }))).accessToken).toBe(second.accessToken)
  expect((await inner.get(KEY))?.version).toEqual(second.version)
  expect(world.issuer.requests).toHaveLength(2)
})

test("a renewal fills every cache, and one that fails is reported and skipped", async () => {
  const world = new Simulation()
  const log = new EventLog()
  const failing = world.store.open()
  const inner = new MemoryTokenCache({ clock: world.clock })
  const { tokens } = world.start(new ScriptedSource(world.issuer), { before: [failing, inner] })
  failing.faults.plan("*", "fails")
  const token = await world.outcome(tokens.getToken())
  expect((await inner.get(KEY))?.token?.accessToken).toBe(token.accessToken)
  expect(log.of("cache-failed")).toMatchObject([
    { cache: "shared", key: KEY, operation: "get", code: "ERR_TOKEN_CACHE" },
    { cache: "shared", key: KEY, operation: "commit", code: "ERR_TOKEN_CACHE" },
  ])
  log.end()
})

test("an inner cache that hangs costs its time-out, and no more", async () => {
  const world = new Simulation()
  const hanging = world.store.open()
  hanging.faults.plan("*", "hangs")
  const { tokens } = world.start(new ScriptedSource(world.issuer), { before: [hanging], storeTimeoutMs: 1_000 })
  await world.outcome(tokens.getToken(), 2_500)
  expect(world.clock.pendingTimers).toBe(0)
})

test("an expired record is not served, whichever cache has it", async () => {
  const world = new Simulation()
  const inner = new MemoryTokenCache({ clock: world.clock })
  const one = world.start(new ScriptedSource(world.issuer), { before: [inner] }).tokens
  const first = await world.outcome(one.getToken())
  await world.clock.advance(600_000)
  const two = world.start(new ScriptedSource(world.issuer), { before: [inner] }).tokens
  expect((await world.outcome(two.getToken())).accessToken).not.toBe(first.accessToken)
})

test("the last durable cache is the authority; with none it is the last", async () => {
  const world = new Simulation()
  const [durable, last] = [world.store.open(), new MemoryTokenCache({ clock: world.clock })]
  const tokens = new CachedTokenSource(new ScriptedSource(world.issuer), {
    caches: [durable, last],
    key: KEY,
    clock: world.clock,
  })
  await world.outcome(tokens.getToken())
  expect(durable.asked.get("claim.take")).toBe(1)
  const [first, second] = [new MemoryTokenCache({ clock: world.clock }), new MemoryTokenCache({ clock: world.clock })]
  const inMemory = new CachedTokenSource(new ScriptedSource(world.issuer), {
    caches: [first, second],
    key: KEY,
    clock: world.clock,
  })
  await world.outcome(inMemory.getToken())
  const version = (await second.get(KEY))?.version
  await second.delete(KEY)
  const held = await inMemory.getToken()
  expect(await world.outcome(inMemory.getToken({ newerThan: held }))).not.toBe(held)
  expect((await second.get(KEY))?.version.generation).toBe((version?.generation ?? 0) + 2)
})

test("a cache without claims serves a repeatable source, one request at a time", async () => {
  const world = new Simulation()
  const records = new MemoryTokenCache({ clock: world.clock })
  const cache: TokenCache = {
    name: "plain",
    durable: true,
    get: (key) => records.get(key),
    commit: (key, record, options) => records.commit(key, record, options),
    delete: (key) => records.delete(key),
  }
  const tokens = new CachedTokenSource(new ScriptedSource(world.issuer), { caches: [cache], clock: world.clock })
  await world.outcome(Promise.all([tokens.getToken(), tokens.getToken()]))
  expect(world.issuer.requests).toHaveLength(1)
  expect(await records.get(tokens.key)).toBeDefined()
})

test("a token of another scope of the grant is not served, and its refresh token is used", async () => {
  const world = new Simulation()
  const refreshToken = world.issuer.signIn()
  const read = world.start(new ScriptedSource(world.issuer, { refreshToken, scope: "read" })).tokens
  const first = await world.outcome(read.getToken())
  const write = world.start(new ScriptedSource(world.issuer, { refreshToken, scope: "write" })).tokens
  world.issuer.next("bare")
  const second = await world.outcome(write.getToken())
  expect(second.accessToken).not.toBe(first.accessToken)
  expect(world.issuer.requests.map((request) => request.refreshToken)).toEqual([refreshToken, first.refreshToken])
  expect(second.scope).toBeUndefined()
  expect(second.refreshToken).toBe(first.refreshToken)
  expect(world.issuer.replayed).toEqual([])
})

test("the refresh token of another grant is not overwritten, and its access token not served", async () => {
  const world = new Simulation()
  const one = world.start(new ScriptedSource(world.issuer, { refreshToken: world.issuer.signIn(), subject: "one" }))
  const token = await world.outcome(one.tokens.getToken())
  const others = [
    new ScriptedSource(world.issuer, { subject: "two" }),
    new ScriptedSource(world.issuer, { refreshToken: world.issuer.signIn(), subject: "two" }),
  ]
  for (const source of others) {
    const { tokens } = world.start(source)
    const failure = await world.failure(tokens.getToken())
    expect(failure).toMatchObject({ code: "ERR_TOKEN_CACHE", transient: false })
    expect(String(failure)).toContain("another grant")
  }
  expect((await world.record()).token.refreshToken).toBe(token.refreshToken)
  expect(world.issuer.requests).toHaveLength(1)
})

test("the token of another source without a refresh token gives way", async () => {
  const world = new Simulation()
  const one = world.start(new ScriptedSource(world.issuer, { subject: "one" })).tokens
  const first = await world.outcome(one.getToken())
  const two = world.start(new ScriptedSource(world.issuer, { subject: "two" })).tokens
  const second = await world.outcome(two.getToken())
  expect(second.accessToken).not.toBe(first.accessToken)
  expect(second.idToken).not.toBe(first.idToken)
  expect((await world.record()).version.generation).toBe(2)
})

test("with the store out of reach a repeatable source renews into memory, and writes it later", async () => {
  const world = new Simulation()
  const log = new EventLog()
  const { tokens, connection } = world.start(new ScriptedSource(world.issuer))
  const first = await world.outcome(tokens.getToken())
  await world.clock.advance(STALE)
  connection.faults.plan("*", "fails")
  const second = await world.outcome(tokens.getToken({ newerThan: first }))
  expect(log.of("unwritten")).toMatchObject([{ generation: 2 }])
  expect((await world.record()).token.accessToken).toBe(first.accessToken)
  connection.faults.heal()
  await world.clock.advance(STALE)
  const third = await world.outcome(tokens.getToken({ newerThan: second }))
  expect(world.store.written.map(({ token }) => token?.accessToken)).toEqual(
    [first, second, third].map(({ accessToken }) => accessToken),
  )
  log.end()
})

test.each(["claim.look", "claim.take", "claim.markSent", "claim.isHeld", "commit"] as const)(
  "a repeatable source gets its token though %s fails, from a cold start",
  async (operation) => {
    const world = new Simulation()
    const { tokens, connection } = world.start(new ScriptedSource(world.issuer))
    connection.faults.plan(operation, "fails")
    const token = await world.outcome(tokens.getToken())
    expect(await tokens.getToken()).toBe(token)
    expect(world.issuer.requests).toHaveLength(1)
    expect(world.clock.pendingTimers).toBe(0)
  },
)

test("a cold start with a store that hangs ends with a token, after one time-out", async () => {
  const world = new Simulation()
  const { tokens, connection } = world.start(new ScriptedSource(world.issuer))
  connection.faults.plan("*", "hangs")
  await world.outcome(tokens.getToken(), 5_500)
  expect(world.issuer.requests).toHaveLength(1)
  expect(world.clock.pendingTimers).toBe(0)
})

const STEPS = ["get", "claim.look", "claim.take", "claim.markSent", "claim.isHeld", "commit", "claim.release"] as const

test.each(STEPS.flatMap((step) => [false, true].map((singleUse) => [step, singleUse] as const)))(
  "whoever renews waits for a store that hangs from %s on for one time-out; single-use: %s",
  async (step, singleUse) => {
    const world = new Simulation()
    const refreshToken = singleUse ? world.issuer.signIn() : undefined
    const { tokens, connection } = world.start(new ScriptedSource(world.issuer, { refreshToken }))
    const first = await world.outcome(tokens.getToken())
    connection.faults.plan("claim.release", "hangs")
    connection.faults.plan(step, "hangs")
    await world.outcome(
      tokens.getToken({ newerThan: first }).catch(() => undefined),
      5_500,
    )
    connection.faults.heal()
    await world.outcome(tokens.getToken({ newerThan: await tokens.getToken() }).catch(() => undefined))
    await world.outcome(tokens.getToken({ newerThan: first }))
    expect(world.issuer.requests.length).toBeGreaterThan(1)
  },
)

test("a store that owed an answer is waited for again when it gives it, and after a time-out without one", async () => {
  const world = new Simulation()
  const { tokens, connection } = world.start(new ScriptedSource(world.issuer))
  let token = await world.outcome(tokens.getToken())
  const renew = async () => void (token = await world.outcome(tokens.getToken({ newerThan: token })))
  for (const [fault, pauseMs] of [
    [6_000, 2_000],
    ["hangs", 6_000],
  ] as const) {
    connection.faults.plan("get", fault, 1)
    await renew()
    await world.clock.advance(pauseMs)
    connection.faults.plan("get", 1_000, 1)
    await renew()
    const { store } = world
    expect((await store.open().get(KEY))?.token?.accessToken).toBe(token.accessToken)
  }
})

test("what was renewed into memory is not given up for an older token in a store that comes back", async () => {
  const world = new Simulation()
  const one = world.start(new ScriptedSource(world.issuer)).tokens
  let old = await world.outcome(one.getToken())
  for (let renewal = 0; renewal < 3; renewal++) old = await world.outcome(one.getToken({ newerThan: old }))
  await world.clock.advance(STALE)
  const { tokens, connection } = world.start(new ScriptedSource(world.issuer))
  connection.faults.plan("*", "fails")
  const fresh = await world.outcome(tokens.getToken())
  connection.faults.heal()
  await world.clock.advance(STALE)
  world.issuer.usually("unavailable")
  expect((await tokens.getToken()).accessToken).toBe(fresh.accessToken)
  await world.clock.advance(1_000)
  expect((await world.outcome(tokens.getToken())).accessToken).toBe(fresh.accessToken)
})

test("a store that is out of reach for a moment is no reason to stop watching it", async () => {
  const world = new Simulation()
  const one = world.start(new ScriptedSource(world.issuer))
  const two = world.start(new ScriptedSource(world.issuer))
  let token = await world.outcome(one.tokens.getToken())
  await world.outcome(two.tokens.getToken())
  const seen: string[] = []
  const watching = two.tokens.changes().subscribe(() => seen.push("change"))
  two.connection.faults.plan("get", "fails", 1)
  token = await world.outcome(one.tokens.getToken({ newerThan: token }))
  await world.clock.advance(0)
  expect(seen).toEqual([])
  token = await world.outcome(one.tokens.getToken({ newerThan: token }))
  await world.clock.advance(0)
  expect(seen).toEqual(["change"])
  expect((await two.tokens.getToken()).accessToken).toBe(token.accessToken)
  watching.unsubscribe()
})

test("a renewal of one's own is one change, and no adoption", async () => {
  const world = new Simulation()
  const log = new EventLog()
  const { tokens } = world.start(new ScriptedSource(world.issuer))
  let changes = 0
  const watching = tokens.changes().subscribe(() => changes++)
  await world.outcome(tokens.getToken())
  await world.clock.advance(100)
  expect(log.of("adopted")).toEqual([])
  expect(changes).toBe(1)
  watching.unsubscribe()
  log.end()
})

test("an adoption is told with the cache it came from", async () => {
  const world = new Simulation()
  const one = world.start(new ScriptedSource(world.issuer)).tokens
  const two = world.start(new ScriptedSource(world.issuer)).tokens
  const first = await world.outcome(one.getToken())
  await world.outcome(two.getToken())
  await world.outcome(one.getToken({ newerThan: first }))
  const log = new EventLog()
  const { expiresAt } = await world.outcome(two.getToken({ newerThan: first }))
  expect(log.of("adopted")).toEqual([{ key: KEY, generation: 2, expiresAt, cache: "shared" }])
  expect(world.issuer.requests).toHaveLength(2)
  log.end()
})

test("of two records of one generation the store's is right", async () => {
  const world = new Simulation()
  const { tokens } = world.start(new ScriptedSource(world.issuer))
  const token = await world.outcome(tokens.getToken())
  const record = await world.record()
  const version = { ...record.version, id: "other" }
  const other = token.with({ accessToken: "other", version })
  await world.store.rollBack(KEY, { ...record, version, token: other })
  expect((await world.outcome(tokens.getToken({ newerThan: token }))).accessToken).toBe("other")
})

test("a caller's own previous token stands in for an empty store", async () => {
  const world = new Simulation()
  const issuedAt = world.clock.now()
  const refreshToken = world.issuer.signIn()
  const previous = new Token({ accessToken: "", issuedAt, staleAt: issuedAt, expiresAt: issuedAt, refreshToken })
  const { tokens } = world.start(new ScriptedSource(world.issuer, { singleUse: true }))
  await world.outcome(tokens.getToken({ previous }))
  expect(world.issuer.requests[0]?.refreshToken).toBe(refreshToken)
})

test("a refusal to write because another process wrote first is an adoption", async () => {
  const world = new Simulation()
  const { tokens } = world.start(new ScriptedSource(world.issuer))
  const first = await world.outcome(tokens.getToken())
  const record = await world.record()
  const version = { ...record.version, generation: 2, id: "elsewhere" }
  const elsewhere = { ...record, version, token: first.with({ accessToken: "elsewhere", version }) }
  const log = new EventLog()
  atStep("answered", () => void world.store.commit(KEY, elsewhere, { expected: record.version }))
  expect((await world.outcome(tokens.getToken({ newerThan: first }))).accessToken).toBe("elsewhere")
  expect(log.of("renewed")).toEqual([])
  expect(log.of("adopted")).toHaveLength(1)
  log.end()
})

test("what another process wrote during the request, and was seen here, is not overwritten", async () => {
  const world = new Simulation()
  const { tokens } = world.start(new ScriptedSource(world.issuer))
  const first = await world.outcome(tokens.getToken())
  const record = await world.record()
  const version = { ...record.version, generation: 2, id: "elsewhere" }
  const elsewhere = { ...record, version, token: first.with({ accessToken: "elsewhere", version }) }
  const watching = tokens.changes().subscribe()
  const renewing = tokens.getToken({ newerThan: first })
  await world.clock.advance(50)
  await world.store.commit(KEY, elsewhere, { expected: record.version })
  expect((await world.outcome(renewing)).accessToken).toBe("elsewhere")
  expect((await world.record()).version).toEqual(version)
  watching.unsubscribe()
})

test("a refill that is refused because another process wrote meanwhile is an adoption", async () => {
  const world = new Simulation()
  const { tokens, connection } = world.start(new ScriptedSource(world.issuer))
  const first = await world.outcome(tokens.getToken())
  const record = await world.record()
  const version = { ...record.version, generation: 2, id: "elsewhere" }
  const elsewhere = { ...record, version, token: first.with({ accessToken: "elsewhere", version }) }
  await world.store.empty()
  connection.faults.plan("commit", 100, 1)
  const renewing = tokens.getToken({ newerThan: first })
  await world.clock.advance(50)
  await world.store.commit(KEY, elsewhere, { expected: undefined })
  expect((await world.outcome(renewing)).accessToken).toBe("elsewhere")
  expect(world.issuer.requests).toHaveLength(1)
})

test("a store that is emptied and then written by another during the request keeps what the other wrote", async () => {
  const world = new Simulation()
  const { tokens, connection } = world.start(new ScriptedSource(world.issuer))
  const first = await world.outcome(tokens.getToken())
  const record = await world.record()
  const version = { ...record.version, generation: 7, id: "elsewhere" }
  const expiresAt = first.expiresAt + 60_000
  const elsewhere = { ...record, version, token: first.with({ accessToken: "elsewhere", version, expiresAt }) }
  const renewing = tokens.getToken({ newerThan: first })
  await world.clock.advance(50)
  await world.store.empty()
  connection.faults.plan("get", 100, 1)
  await world.clock.advance(100)
  await world.store.commit(KEY, elsewhere, { expected: undefined })
  expect((await world.outcome(renewing)).accessToken).toBe("elsewhere")
  expect((await world.record()).version).toEqual(version)
})

test("everyone who subscribed is told of another process's write, and one look is made for all", async () => {
  const world = new Simulation()
  const one = world.start(new ScriptedSource(world.issuer)).tokens
  const { tokens, connection } = world.start(new ScriptedSource(world.issuer))
  const token = await world.outcome(one.getToken())
  await world.outcome(tokens.getToken())
  const seen: string[] = []
  const watching = ["a", "b", "c"].map((name) => tokens.changes().subscribe(() => seen.push(name)))
  const looks = connection.asked.get("get") ?? 0
  await world.outcome(one.getToken({ newerThan: token }))
  await world.clock.advance(0)
  expect([seen.sort(), connection.asked.get("get")]).toEqual([["a", "b", "c"], looks + 1])
  for (const subscription of watching) subscription.unsubscribe()
})

test("who subscribes after all others have left is told, too, and nobody listens for those who left", async () => {
  const world = new Simulation()
  const { tokens, connection } = world.start(new ScriptedSource(world.issuer))
  const one = world.start(new ScriptedSource(world.issuer)).tokens
  const token = await world.outcome(one.getToken())
  await world.outcome(tokens.getToken())
  tokens.changes().subscribe().unsubscribe()
  const looks = connection.asked.get("get") ?? 0
  const newer = await world.outcome(one.getToken({ newerThan: token }))
  await world.clock.advance(0)
  expect(connection.asked.get("get")).toBe(looks)
  let changes = 0
  const watching = tokens.changes().subscribe(() => changes++)
  await world.outcome(one.getToken({ newerThan: newer }))
  await world.clock.advance(0)
  expect(changes).toBe(1)
  watching.unsubscribe()
})

test("a cache that tells of no changes leaves the changes of this process", async () => {
  const world = new Simulation()
  const records = new MemoryTokenCache({ clock: world.clock })
  const silent: TokenCache = {
    name: "silent",
    durable: true,
    get: (key) => records.get(key),
    commit: (key, record, options) => records.commit(key, record, options),
    delete: (key) => records.delete(key),
  }
  const tokens = new CachedTokenSource(new ScriptedSource(world.issuer), { caches: [silent], clock: world.clock })
  let changes = 0
  const watching = tokens.changes().subscribe(() => changes++)
  await world.outcome(tokens.getToken())
  await tokens.signOut()
  expect(changes).toBe(2)
  watching.unsubscribe()
})

test("a cache that has the record already is not written again", async () => {
  const world = new Simulation()
  const shared = world.store.open()
  const { tokens } = world.start(new ScriptedSource(world.issuer), { before: [shared] })
  await world.outcome(tokens.getToken())
  expect(shared.asked.get("commit")).toBeUndefined()
})

/** A store whose only record another program has encrypted. */
async function sealedStore() {
  const world = new Simulation()
  const sealed = { version: { lineage: "l", generation: 7, id: "i" }, sealed: { jwe: "a.b.c.d.e" }, lineages: [] }
  await world.store.commit(KEY, sealed, { expected: undefined })
  return { world, log: new EventLog() }
}

test("a process that was not told to decrypt leaves an encrypted record alone, and says what to do", async () => {
  const { world, log } = await sealedStore()
  const { tokens } = world.start(new ScriptedSource(world.issuer, { singleUse: false }))
  expect((await world.outcome(tokens.getToken())).accessToken).not.toBe("")
  expect((await world.store.get(KEY))?.sealed).toEqual({ jwe: "a.b.c.d.e" })
  expect(log.of("cache-failed").at(0)).toMatchObject({ operation: "get", code: "ERR_TOKEN_CACHE" })
  expect(log.of("cache-failed").at(0)?.detail).toContain("encrypted(cache, keyring)")
  log.end()
})

test("and spends nothing that works once", async () => {
  const { world, log } = await sealedStore()
  const { tokens } = world.start(new ScriptedSource(world.issuer, { refreshToken: world.issuer.signIn() }))
  expect(await world.failure(tokens.getToken())).toMatchObject({ code: "ERR_TOKEN_CACHE", transient: false })
  expect(world.issuer.requests).toHaveLength(0)
  expect((await world.store.get(KEY))?.sealed).toEqual({ jwe: "a.b.c.d.e" })
  log.end()
})
