import { expect, test } from "vitest"
import { MemoryTokenCache } from "./memory-token-cache.js"
import { atStep, EventLog } from "./testing/internal/event-log.js"
import { ScriptedSource } from "./testing/internal/scripted-source.js"
import { KEY, Simulation, type ProcessOptions } from "./testing/internal/simulation.js"
import { hashOf } from "./token-source.js"

const STALE = 460_000

/** A rotating issuer, and processes that were all given the same first refresh token. */
class Rotation extends Simulation {
  readonly refreshToken = this.issuer.signIn()

  process(options: ProcessOptions = {}) {
    return this.start(new ScriptedSource(this.issuer, { refreshToken: this.refreshToken }), options)
  }

  async isIntact(): Promise<boolean> {
    const stored = await this.stored()
    return this.issuer.isLive(stored?.token?.refreshToken) && this.issuer.replayed.length === 0
  }

  presented(): (string | undefined)[] {
    return this.issuer.requests.map(({ refreshToken }) => refreshToken)
  }
}

test("a rotated refresh token is in the store before anyone gets what came with it", async () => {
  const world = new Rotation()
  const { tokens } = world.process()
  let storedWhenServed: unknown
  const served = tokens.getToken().then(async (token) => {
    storedWhenServed = world.store.written.at(-1)?.token?.refreshToken
    return token
  })
  const token = await world.outcome(served)
  expect(storedWhenServed).toBe(token.refreshToken)
  expect(await world.isIntact()).toBe(true)
})

test("each rotation spends the refresh token of the one before, and only once", async () => {
  const world = new Rotation()
  const { tokens } = world.process()
  let token = await world.outcome(tokens.getToken())
  for (let rotation = 0; rotation < 5; rotation++) token = await world.outcome(tokens.getToken({ newerThan: token }))
  expect(new Set(world.presented()).size).toBe(6)
  expect(world.presented()[0]).toBe(world.refreshToken)
  expect(await world.isIntact()).toBe(true)
})

test("a failed write after a rotation: served from memory, reported, kept, retried until it is written", async () => {
  const world = new Rotation()
  const log = new EventLog()
  const { tokens, connection } = world.process()
  connection.faults.plan("commit", "fails")
  const token = await world.outcome(tokens.getToken())
  expect(log.of("unwritten")).toMatchObject([{ key: KEY, cache: "shared", generation: 1 }])
  expect(log.of("renewed")).toEqual([])
  expect(await world.stored()).toBeUndefined()
  await world.clock.advance(5_000)
  expect(await tokens.getToken()).toBe(token)
  connection.faults.heal()
  await world.clock.advance(5_000)
  expect((await world.stored())?.token?.accessToken).toBe(token.accessToken)
  expect(await world.isIntact()).toBe(true)
  const other = world.process()
  expect((await world.outcome(other.tokens.getToken())).accessToken).toBe(token.accessToken)
  expect(world.issuer.requests).toHaveLength(1)
  expect(world.clock.pendingTimers).toBe(0)
  log.end()
})

test("while a rotation is unwritten no other process presents the spent refresh token", async () => {
  const world = new Rotation()
  const { tokens, connection } = world.process()
  connection.faults.plan("commit", "fails")
  await world.outcome(tokens.getToken())
  const other = world.process({ claimTimeoutMs: 3_000 })
  expect(await world.failure(other.tokens.getToken())).toMatchObject({ code: "ERR_TOKEN_CLAIM_TIMEOUT" })
  expect(world.issuer.requests).toHaveLength(1)
  expect(world.issuer.replayed).toEqual([])
})

test("while a rotation is unwritten nothing newer is asked for", async () => {
  const world = new Rotation()
  const { tokens, connection } = world.process()
  connection.faults.plan("commit", "fails")
  const token = await world.outcome(tokens.getToken())
  expect(await world.failure(tokens.getToken({ newerThan: token }))).toMatchObject({ code: "ERR_TOKEN_CACHE" })
  expect(world.issuer.requests).toHaveLength(1)
})

test("close waits for an unwritten rotation to be written", async () => {
  const world = new Rotation()
  const { tokens, connection } = world.process()
  connection.faults.plan("commit", "fails")
  const token = await world.outcome(tokens.getToken())
  const closing = tokens.close({ timeoutMs: 10_000 })
  await world.clock.advance(3_000)
  connection.faults.heal()
  await world.outcome(closing, 2_000)
  expect((await world.stored())?.token?.accessToken).toBe(token.accessToken)
  expect(await world.isIntact()).toBe(true)
  expect(world.clock.pendingTimers).toBe(0)
})

test("close gives an unwritten rotation up when its time is over", async () => {
  const world = new Rotation()
  const { tokens, connection } = world.process()
  connection.faults.plan("commit", "fails")
  await world.outcome(tokens.getToken())
  await world.outcome(tokens.close({ timeoutMs: 10_000 }), 16_000)
  expect(world.clock.pendingTimers).toBe(0)
})

test("a write whose confirmation got lost is found written, and not made again", async () => {
  const world = new Rotation()
  const { tokens, connection } = world.process()
  connection.faults.plan("commit", "fails-after", 1)
  const token = await world.outcome(tokens.getToken())
  await world.clock.advance(5_000)
  expect(world.store.written).toHaveLength(1)
  expect((await world.outcome(tokens.getToken({ newerThan: token }))).accessToken).not.toBe(token.accessToken)
  expect(await world.isIntact()).toBe(true)
})

test("a write that comes through after its time-out is found written", async () => {
  const world = new Rotation()
  const { tokens, connection } = world.process()
  connection.faults.plan("commit", 7_000, 1)
  const token = await world.outcome(tokens.getToken())
  await world.clock.advance(10_000)
  expect(world.store.written).toHaveLength(1)
  await world.outcome(tokens.getToken({ newerThan: token }))
  expect(await world.isIntact()).toBe(true)
})

test("a store that was emptied during the request gets the rotated refresh token all the same", async () => {
  const world = new Rotation()
  const { tokens } = world.process()
  const first = await world.outcome(tokens.getToken())
  atStep("answered", () => void world.store.empty())
  const second = await world.outcome(tokens.getToken({ newerThan: first }))
  expect((await world.stored())?.token?.refreshToken).toBe(second.refreshToken)
  await world.outcome(tokens.getToken({ newerThan: second }))
  expect(await world.isIntact()).toBe(true)
})

test("a store that was rolled back during the request gets the rotated refresh token all the same", async () => {
  const world = new Rotation()
  const { tokens } = world.process()
  const first = await world.outcome(tokens.getToken())
  const backup = await world.record()
  const second = await world.outcome(tokens.getToken({ newerThan: first }))
  atStep("answered", () => void world.store.rollBack(KEY, backup))
  const third = await world.outcome(tokens.getToken({ newerThan: second }))
  expect((await world.stored())?.token?.refreshToken).toBe(third.refreshToken)
  await world.outcome(tokens.getToken({ newerThan: third }))
  expect(await world.isIntact()).toBe(true)
})

test("an emptied store is refilled before anything is asked, so that the newest refresh token is spent", async () => {
  const world = new Rotation()
  const { tokens } = world.process()
  const first = await world.outcome(tokens.getToken())
  await world.store.empty()
  await world.outcome(tokens.getToken({ newerThan: first }))
  expect(world.presented()).toEqual([world.refreshToken, first.refreshToken])
  expect(await world.isIntact()).toBe(true)
  expect(world.store.written.map(({ version }) => version.generation)).toEqual([1, 1, 2])
})

test("a store that was rolled back is brought up before anything is asked", async () => {
  const world = new Rotation()
  const { tokens } = world.process()
  const first = await world.outcome(tokens.getToken())
  const backup = await world.record()
  const second = await world.outcome(tokens.getToken({ newerThan: first }))
  await world.store.rollBack(KEY, backup)
  await world.outcome(tokens.getToken({ newerThan: second }))
  expect(world.presented().at(-1)).toBe(second.refreshToken)
  expect(await world.isIntact()).toBe(true)
})

test("with the store out of reach nothing that works once is presented, and reads go on until expiry", async () => {
  const world = new Rotation()
  const { tokens } = world.process()
  const token = await world.outcome(tokens.getToken())
  world.store.faults.plan("*", "fails")
  await world.clock.advance(STALE)
  expect(await tokens.getToken()).toBe(token)
  expect(await world.failure(tokens.getToken({ newerThan: token }))).toMatchObject({ code: "ERR_TOKEN_CACHE" })
  await world.clock.advance(200_000)
  expect(await world.failure(tokens.getToken())).toMatchObject({ code: "ERR_TOKEN_CACHE", transient: true })
  expect(world.issuer.requests).toHaveLength(1)
  world.store.faults.heal()
  await world.outcome(tokens.getToken())
  expect(await world.isIntact()).toBe(true)
})

test.each(["claim.look", "claim.take", "claim.markSent", "claim.isHeld"] as const)(
  "a failing %s stops a rotation before it is sent, and the next one succeeds",
  async (operation) => {
    const world = new Rotation()
    const { tokens, connection } = world.process()
    connection.faults.plan(operation, "fails", 1)
    expect(await world.failure(tokens.getToken())).toMatchObject({ code: "ERR_TOKEN_CACHE" })
    expect(world.issuer.requests).toHaveLength(0)
    await world.outcome(tokens.getToken())
    expect(await world.isIntact()).toBe(true)
  },
)

test.each([
  ["claim.take", "fails-after"],
  ["claim.markSent", "fails-after"],
  ["claim.isHeld", "fails-after"],
  ["claim.release", "fails-after"],
  ["claim.take", 7_000],
  ["claim.markSent", 7_000],
  ["claim.isHeld", 7_000],
  ["claim.release", 7_000],
] as const)("a %s that %s leaves nothing behind that blocks the next renewal", async (operation, fault) => {
  const world = new Rotation()
  const { tokens, connection } = world.process()
  connection.faults.plan(operation, fault, 1)
  if (operation === "claim.release") world.issuer.next("too-many")
  await world.failure(tokens.getToken())
  await world.clock.advance(60_000)
  await world.outcome(tokens.getToken(), 1_000)
  expect(await world.isIntact()).toBe(true)
})

test("a claim that is taken long after its time is released once it is there", async () => {
  const world = new Rotation()
  const { tokens, connection } = world.process()
  connection.faults.plan("claim.take", 20_000, 1)
  connection.faults.plan("claim.release", "fails", 1)
  expect(await world.failure(tokens.getToken())).toMatchObject({ code: "ERR_TOKEN_CACHE" })
  await world.clock.advance(30_000)
  await world.outcome(world.process().tokens.getToken(), 1_000)
  expect(world.clock.pendingTimers).toBe(0)
})

test("a release that failed is made up for, so that the next renewal goes on", async () => {
  const world = new Rotation()
  const { tokens, connection } = world.process()
  connection.faults.plan("claim.release", "fails", 1)
  world.issuer.next("too-many")
  expect(await world.failure(tokens.getToken())).toMatchObject({ status: 429 })
  const other = world.process()
  await world.clock.advance(60_000)
  await world.outcome(other.tokens.getToken(), 1_000)
  await world.outcome(tokens.getToken(), 1_000)
  expect(world.issuer.requests).toHaveLength(2)
  expect(world.clock.pendingTimers).toBe(0)
  expect(await world.isIntact()).toBe(true)
})

test("a release that is carried out late removes nothing that another process has claimed since", async () => {
  const world = new Rotation()
  const [one, two, three] = [world.process(), world.process(), world.process()]
  const first = await world.outcome(one.tokens.getToken())
  world.issuer.next("bare")
  one.connection.faults.plan("claim.release", 20_000, 1)
  const second = await world.outcome(one.tokens.getToken({ newerThan: first }))
  expect(second.refreshToken).toBe(first.refreshToken)
  world.issuer.usually("hangs")
  for (const { tokens } of [two, three]) void world.begin(tokens.getToken({ newerThan: second }))
  await world.clock.advance(40_000)
  const sent = world.issuer.requests.slice(2).map(({ at }) => at)
  expect(sent.length).toBeGreaterThan(1)
  for (const [index, at] of sent.slice(1).entries()) expect(at - (sent[index] ?? 0)).toBeGreaterThanOrEqual(10_000)
})

test("close leaves a claim that it cannot remove to others, as that of a dead owner", async () => {
  const world = new Rotation()
  const { tokens, connection } = world.process()
  connection.faults.plan("claim.release", "fails")
  world.issuer.next("too-many")
  await world.failure(tokens.getToken())
  await world.outcome(tokens.close())
  expect(world.clock.pendingTimers).toBe(0)
  const other = world.process()
  await world.clock.advance(15_000)
  await world.outcome(other.tokens.getToken(), 1_000)
  expect(await world.isIntact()).toBe(true)
})

test("invalid_grant is final: a tombstone beside the record, no more requests, here and elsewhere", async () => {
  const world = new Rotation()
  const log = new EventLog()
  const [one, two] = [world.process(), world.process()]
  const token = await world.outcome(one.tokens.getToken())
  world.issuer.usually("invalid-grant")
  const failure = await world.failure(one.tokens.getToken({ newerThan: token }))
  expect(failure).toMatchObject({ code: "ERR_REAUTHENTICATION_REQUIRED", transient: false })
  expect(await world.failure(two.tokens.getToken({ newerThan: token }))).toMatchObject({
    code: "ERR_REAUTHENTICATION_REQUIRED",
  })
  expect(await world.failure(one.tokens.getToken({ newerThan: token }))).toMatchObject({
    code: "ERR_REAUTHENTICATION_REQUIRED",
  })
  expect(world.issuer.requests).toHaveLength(2)
  expect((await world.stored())?.token?.accessToken).toBe(token.accessToken)
  expect(await one.tokens.getToken()).toBe(token)
  expect(log.of("renewal-failed")).toMatchObject([{ code: "ERR_REAUTHENTICATION_REQUIRED", transient: false }])
  log.end()
})

test("after invalid_grant the store is watched for a second: another's write is adopted", async () => {
  const world = new Rotation()
  const { tokens } = world.process()
  const token = await world.outcome(tokens.getToken())
  const record = await world.record()
  world.issuer.next("invalid-grant")
  const renewing = tokens.getToken({ newerThan: token })
  await world.clock.advance(600)
  const version = { ...record.version, generation: 2, id: "another" }
  const late = token.with({ accessToken: "late", version })
  await world.store.commit(KEY, { ...record, version, token: late }, { expected: record.version })
  expect((await world.outcome(renewing)).accessToken).toBe("late")
  expect(world.issuer.requests).toHaveLength(2)
})

test("after invalid_grant a sign-in in the store is taken up", async () => {
  const world = new Rotation()
  const { tokens } = world.process()
  const token = await world.outcome(tokens.getToken())
  world.issuer.next("invalid-grant")
  await world.failure(tokens.getToken({ newerThan: token }))
  const refreshToken = world.issuer.signIn()
  const other = world.start(new ScriptedSource(world.issuer, { refreshToken }))
  const newer = await world.outcome(other.tokens.getToken({ newerThan: token }))
  expect((await world.outcome(tokens.getToken({ newerThan: token }))).accessToken).toBe(newer.accessToken)
})

test("a tombstone that cannot be written is remembered by this process at least", async () => {
  const world = new Rotation()
  const { tokens, connection } = world.process()
  const token = await world.outcome(tokens.getToken())
  world.issuer.next("invalid-grant")
  connection.faults.plan("claim.reject", "fails")
  for (const _ of [1, 2]) {
    const failure = await world.failure(tokens.getToken({ newerThan: token }))
    expect(failure).toMatchObject({ code: "ERR_REAUTHENTICATION_REQUIRED" })
  }
  expect(world.issuer.requests).toHaveLength(2)
})

test.each(["answer-lost", "reset", "unavailable", "hangs", "hangs-processed"] as const)(
  "%s: the outcome is unknown, the claim is kept, and the same token goes out again under it",
  async (behaviour) => {
    const world = new Rotation()
    const { tokens, connection } = world.process()
    const token = await world.outcome(tokens.getToken())
    world.issuer.next(behaviour)
    expect(await world.failure(tokens.getToken({ newerThan: token }))).toMatchObject({
      transient: true,
      ambiguous: true,
    })
    const other = world.process()
    await world.outcome(other.tokens.getToken())
    await world.clock.advance(30_000)
    const [, sent, again] = world.issuer.requests
    expect(again?.refreshToken).toBe(token.refreshToken)
    expect((again?.at ?? 0) - (sent?.at ?? 0)).toBeGreaterThanOrEqual(10_000)
    expect(connection.asked.get("claim.take")).toBe(2)
    expect(world.issuer.requests.length).toBeGreaterThanOrEqual(3)
  },
)

test("503 for ten minutes, then well again: renewed by itself, under one claim, with no sign-in", async () => {
  const world = new Rotation()
  const [one, two] = [world.process(), world.process()]
  const token = await world.outcome(one.tokens.getToken())
  await world.outcome(two.tokens.getToken())
  await world.clock.advance(STALE)
  world.issuer.usually("unavailable")
  await one.tokens.getToken()
  await two.tokens.getToken()
  await world.clock.advance(600_000)
  const sent = world.issuer.requests.length
  expect(sent).toBeLessThanOrEqual(62)
  expect(await world.failure(one.tokens.getToken())).toMatchObject({ status: 503 })
  world.issuer.usually("well")
  await world.clock.advance(61_000)
  expect(one.tokens.getToken()).toBeInstanceOf(Promise)
  expect((await one.tokens.getToken()).accessToken).not.toBe(token.accessToken)
  expect(new Set(world.presented()).size).toBe(2)
  await world.outcome(two.tokens.getToken())
  expect(world.issuer.requests).toHaveLength(sent + 1)
  expect(await world.isIntact()).toBe(true)
})

test("a certain failure after an ambiguous one under the same claim keeps the claim", async () => {
  const world = new Rotation()
  const { tokens, connection } = world.process()
  const token = await world.outcome(tokens.getToken())
  world.issuer.next("reset", "refused", "too-many", "invalid-client")
  await world.failure(tokens.getToken({ newerThan: token }))
  await world.clock.advance(200_000)
  expect(world.issuer.requests.slice(1).map(({ behaviour }) => behaviour)).toEqual([
    "reset",
    "refused",
    "too-many",
    "invalid-client",
    "well",
  ])
  expect(new Set(world.presented()).size).toBe(2)
  expect(connection.asked.get("claim.take")).toBe(2)
  expect(await world.isIntact()).toBe(true)
})

test.each(["refused", "too-many", "invalid-client"] as const)(
  "%s: certainly not processed, so the claim is released with its mark, and another process goes on",
  async (behaviour) => {
    const world = new Rotation()
    const [one, two] = [world.process(), world.process()]
    const token = await world.outcome(one.tokens.getToken())
    await world.outcome(two.tokens.getToken())
    world.issuer.next(behaviour)
    await world.failure(one.tokens.getToken({ newerThan: token }))
    const before = world.clock.monotonic()
    const newer = await world.outcome(two.tokens.getToken({ newerThan: token }))
    expect(newer.accessToken).not.toBe(token.accessToken)
    expect(world.clock.monotonic() - before).toBeLessThan(1_000)
    expect(await world.isIntact()).toBe(true)
  },
)

test("a rotated refresh token is kept even when the rest of the answer is useless", async () => {
  const world = new Rotation()
  const { tokens } = world.process()
  const token = await world.outcome(tokens.getToken())
  world.issuer.next("over-at-once")
  expect(await world.failure(tokens.getToken({ newerThan: token }))).toMatchObject({ code: "ERR_TOKEN_LIFETIME" })
  expect(await world.isIntact()).toBe(true)
  expect((await tokens.getToken()).accessToken).toBe(token.accessToken)
  await world.clock.advance(60_000)
  await world.outcome(tokens.getToken({ newerThan: token }))
  expect(new Set(world.presented()).size).toBe(3)
  expect(await world.isIntact()).toBe(true)
})

test("a rotated refresh token is kept when the very first answer is useless", async () => {
  const world = new Rotation()
  const { tokens } = world.process()
  world.issuer.next("over-at-once")
  expect(await world.failure(tokens.getToken())).toMatchObject({
    code: "ERR_TOKEN_LIFETIME",
    retryAfterMs: expect.any(Number) as number,
  })
  expect(await world.isIntact()).toBe(true)
  await world.clock.advance(60_000)
  await world.outcome(tokens.getToken())
  expect(await world.isIntact()).toBe(true)
})

test("what the issuer leaves out is carried forward: refresh token, id token, scope", async () => {
  const world = new Rotation()
  const { tokens } = world.process()
  const first = await world.outcome(tokens.getToken())
  world.issuer.next("bare")
  const second = await world.outcome(tokens.getToken({ newerThan: first }))
  const { refreshToken, idToken, scope } = second
  expect({ refreshToken, idToken, scope }).toEqual({
    refreshToken: first.refreshToken,
    idToken: first.idToken,
    scope: "read write",
  })
  await world.outcome(tokens.getToken({ newerThan: second }))
  expect(await world.isIntact()).toBe(true)
})

test("an inner cache of its own is filled with what the authority has", async () => {
  const world = new Rotation()
  const inner = new MemoryTokenCache({ clock: world.clock })
  const { tokens } = world.process({ before: [inner] })
  const token = await world.outcome(tokens.getToken())
  expect((await inner.get(KEY))?.token?.accessToken).toBe(token.accessToken)
})

test("a token that is expired when it comes is a failure, and its refresh token is kept", async () => {
  const world = new Rotation({ latencyMs: 3_000, lifetimeMs: 2_000 })
  const { tokens } = world.process()
  expect(await world.failure(tokens.getToken())).toMatchObject({ code: "ERR_TOKEN_LIFETIME", transient: true })
  expect(await world.isIntact()).toBe(true)
  await world.clock.advance(60_000)
  await world.failure(tokens.getToken())
  expect(new Set(world.presented()).size).toBe(2)
  expect(await world.isIntact()).toBe(true)
})

test("each repetition renews the time of the mark", async () => {
  const world = new Rotation()
  const { tokens } = world.process()
  world.issuer.usually("reset")
  await world.failure(tokens.getToken())
  while (world.issuer.requests.length < 3) await world.clock.advance(100)
  const claim = world.store.claim(KEY, { what: hashOf(world.refreshToken), singleUse: true })
  const sentAt = world.issuer.requests.at(-1)?.at ?? 0
  expect((await claim.look()).sentAgoMs).toBe(world.clock.monotonic() - sentAt)
})

async function leaveDeadClaim(world: Rotation, refreshToken: string | undefined) {
  const subject = { what: hashOf(refreshToken ?? ""), singleUse: true }
  const dead = world.store.claim(KEY, subject)
  await dead.take(1)
  await dead.abandon()
  return world.store.claim(KEY, subject)
}

test("after the write all claims on what was spent are removed, those of dead owners, too", async () => {
  const world = new Rotation()
  const claim = await leaveDeadClaim(world, world.refreshToken)
  await world.outcome(world.process().tokens.getToken())
  expect((await claim.look()).n).toBe(0)
})

test("after a late write all claims on what was spent are removed, those of dead owners, too", async () => {
  const world = new Rotation()
  const claim = await leaveDeadClaim(world, world.refreshToken)
  const { tokens, connection } = world.process()
  connection.faults.plan("commit", "fails", 2)
  await world.outcome(tokens.getToken())
  expect((await claim.look()).n).toBe(2)
  await world.clock.advance(5_000)
  expect((await claim.look()).n).toBe(0)
})

test("a refused write removes the writer's own claim only", async () => {
  const world = new Rotation()
  const { tokens } = world.process()
  const token = await world.outcome(tokens.getToken())
  const claim = await leaveDeadClaim(world, token.refreshToken)
  atStep("answered", () => void world.store.delete(KEY))
  await world.failure(tokens.getToken({ newerThan: token }))
  expect(await claim.look()).toMatchObject({ n: 1, owner: "gone" })
})
