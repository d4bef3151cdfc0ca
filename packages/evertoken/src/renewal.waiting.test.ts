import { firstValueFrom } from "rxjs"
import { expect, test } from "vitest"
import { EventLog } from "./testing/internal/event-log.js"
import { ScriptedSource } from "./testing/internal/scripted-source.js"
import { KEY, Simulation, type ProcessOptions } from "./testing/internal/simulation.js"
import { hashOf } from "./token-source.js"

const STALE = 460_000

class World extends Simulation {
  readonly refreshToken = this.issuer.signIn()

  rotating(options: ProcessOptions = {}) {
    return this.start(new ScriptedSource(this.issuer, { refreshToken: this.refreshToken }), options)
  }

  repeatable(options: ProcessOptions = {}) {
    return this.start(new ScriptedSource(this.issuer), options)
  }
}

test("a waiter ends with what another process writes, and asks nothing itself", async () => {
  const world = new World()
  const log = new EventLog()
  const [one, two] = [world.rotating(), world.rotating()]
  const first = one.tokens.getToken()
  await world.clock.advance(50)
  const second = two.tokens.getToken()
  expect((await world.outcome(second, 200)).accessToken).toBe((await first).accessToken)
  expect(world.issuer.requests).toHaveLength(1)
  expect(log.of("waiting")).toEqual([{ key: KEY, what: hashOf(world.refreshToken) }])
  log.end()
})

test("an owner that was killed before it sent is followed at once", async () => {
  const world = new World()
  const one = world.rotating()
  one.connection.faults.plan("claim.markSent", "hangs")
  one.tokens.getToken().catch(() => undefined)
  await world.clock.advance(0)
  expect(one.connection.asked.get("claim.take")).toBe(1)
  await one.kill()
  await world.outcome(world.rotating().tokens.getToken(), 500)
  expect(world.issuer.requests).toHaveLength(1)
})

test("one successor of a dead owner is picked, however many wait", async () => {
  const world = new World()
  const one = world.rotating()
  one.connection.faults.plan("claim.markSent", "hangs")
  one.tokens.getToken().catch(() => undefined)
  await world.clock.advance(0)
  const waiters = [1, 2, 3, 4].map(() => world.rotating().tokens.getToken())
  await world.clock.advance(200)
  await one.kill()
  await world.outcome(Promise.all(waiters), 500)
  expect(world.issuer.requests).toHaveLength(1)
})

test("a living owner of what works once is never overtaken, however long it takes", async () => {
  const world = new World()
  const one = world.rotating()
  one.connection.faults.plan("claim.markSent", "hangs")
  one.tokens.getToken().catch(() => undefined)
  const two = world.rotating({ claimTimeoutMs: 60_000, storeTimeoutMs: 200_000 })
  one.connection.faults.plan("claim.release", "hangs")
  expect(await world.failure(two.tokens.getToken())).toMatchObject({ code: "ERR_TOKEN_CLAIM_TIMEOUT", transient: true })
  expect(world.issuer.requests).toHaveLength(0)
})

test("owner gone after sending what works once, nothing left: a last try, not sooner than a request timeout after it", async () => {
  const world = new World()
  world.issuer.next("hangs")
  const one = world.rotating()
  one.tokens.getToken().catch(() => undefined)
  await world.clock.advance(50)
  await one.kill()
  await world.outcome(world.rotating().tokens.getToken())
  const [sent, again] = world.issuer.requests
  expect(again?.refreshToken).toBe(world.refreshToken)
  expect((again?.at ?? 0) - (sent?.at ?? 0)).toBeGreaterThanOrEqual(10_000)
  expect(world.issuer.requests).toHaveLength(2)
  expect(world.issuer.replayed).toEqual([])
})

test("owner gone after sending what works once: the last try waits for half of what is left", async () => {
  const world = new World()
  const one = world.rotating()
  const token = await world.outcome(one.tokens.getToken())
  const two = world.rotating()
  await world.outcome(two.tokens.getToken())
  await world.clock.advance(STALE)
  world.issuer.next("hangs")
  expect(await one.tokens.getToken()).toBe(token)
  await world.clock.advance(50)
  await one.kill()
  const sentAt = world.issuer.requests.at(-1)?.at ?? 0
  const leftMs = token.expiresAt - world.clock.now()
  while (world.issuer.requests.length < 3) {
    expect((await two.tokens.getToken()).accessToken).toBe(token.accessToken)
    await world.clock.advance(1_000)
  }
  const waitedMs = (world.issuer.requests.at(-1)?.at ?? 0) - sentAt
  expect(waitedMs).toBeGreaterThanOrEqual(leftMs / 2 - 1_000)
  expect(waitedMs).toBeLessThanOrEqual(leftMs / 2 + 3_000)
  await world.clock.advance(1_000)
  expect((await two.tokens.getToken()).accessToken).not.toBe(token.accessToken)
  expect(world.issuer.replayed).toEqual([])
})

test("one last try for each dead owner", async () => {
  const world = new World()
  world.issuer.usually("hangs")
  const processes = [1, 2, 3].map(() => world.rotating())
  for (const { tokens, kill } of processes) {
    const before = world.issuer.requests.length
    tokens.getToken().catch(() => undefined)
    while (world.issuer.requests.length === before) await world.clock.advance(500)
    await kill()
  }
  const ats = world.issuer.requests.map(({ at }) => at)
  expect(ats).toHaveLength(3)
  for (const [index, at] of ats.slice(1).entries()) expect(at - (ats[index] ?? 0)).toBeGreaterThanOrEqual(10_000)
})

test("within the issuer's leeway, less a request timeout and five seconds, the same token is presented again at once", async () => {
  const world = new World()
  world.issuer.next("hangs")
  const options = { reuseLeewayMs: 30_000 }
  const one = world.rotating(options)
  one.tokens.getToken().catch(() => undefined)
  await world.clock.advance(50)
  await one.kill()
  await world.outcome(world.rotating(options).tokens.getToken(), 1_000)
  expect(world.issuer.requests).toHaveLength(2)
})

test("later than that it is not, though the leeway lasts yet: an answer may come late", async () => {
  const world = new World()
  world.issuer.next("hangs")
  const options = { reuseLeewayMs: 30_000, requestTimeoutMs: 10_000 }
  const [one, two] = [world.rotating(options), world.rotating(options)]
  const log = new EventLog()
  one.tokens.getToken().catch(() => undefined)
  await world.clock.advance(50)
  await one.kill()
  await world.clock.advance(16_000)
  await world.outcome(two.tokens.getToken())
  expect(log.of("step").flatMap(({ presentation }) => presentation ?? [])).toEqual(["first", "last-try"])
  log.end()
})

test("owner gone after sending what can be repeated: it is repeated at once", async () => {
  const world = new World()
  world.issuer.next("hangs")
  const one = world.repeatable()
  one.tokens.getToken().catch(() => undefined)
  await world.clock.advance(50)
  await one.kill()
  await world.outcome(world.repeatable().tokens.getToken(), 500)
  expect(world.issuer.requests).toHaveLength(2)
})

test("a living owner of what can be repeated is overtaken after a quarter of what is left, at least a second", async () => {
  const world = new World()
  const [one, two] = [world.repeatable({ requestTimeoutMs: 60_000 }), world.repeatable({ requestTimeoutMs: 60_000 })]
  const token = await world.outcome(one.tokens.getToken())
  await world.outcome(two.tokens.getToken())
  await world.clock.advance(580_000)
  world.issuer.next("hangs")
  await one.tokens.getToken()
  await world.clock.advance(0)
  const newer = await world.outcome(two.tokens.getToken({ newerThan: token }))
  const [, hung, overtaking] = world.issuer.requests
  expect(newer.accessToken).not.toBe(token.accessToken)
  const afterMs = (overtaking?.at ?? 0) - (hung?.at ?? 0)
  expect(afterMs).toBeGreaterThanOrEqual(3_500)
  expect(afterMs).toBeLessThanOrEqual(5_200)
})

test("a slow owner that was overtaken adopts what the faster one wrote", async () => {
  const world = new World({ latencyMs: 4_000 })
  const [one, two] = [world.repeatable(), world.repeatable()]
  const token = await world.outcome(one.tokens.getToken())
  await world.outcome(two.tokens.getToken())
  await world.clock.advance(594_000)
  const slow = one.tokens.getToken({ newerThan: token })
  await world.clock.advance(100)
  const fast = two.tokens.getToken({ newerThan: token })
  const [a, b] = await world.outcome(Promise.all([slow, fast]))
  expect(a.accessToken).toBe(b.accessToken)
  expect((await world.record()).version.generation).toBe(2)
})

test("a repeatable source asks without a claim once its wait is over, if less than a quarter is left", async () => {
  const world = new World()
  const options = { claimTimeoutMs: 2_000, requestTimeoutMs: 60_000 }
  const [one, two] = [world.repeatable(options), world.repeatable(options)]
  const token = await world.outcome(one.tokens.getToken())
  await world.outcome(two.tokens.getToken())
  await world.clock.advance(400_000)
  world.issuer.next("hangs")
  one.tokens.getToken({ newerThan: token }).catch(() => undefined)
  await world.clock.advance(0)
  expect(await world.failure(two.tokens.getToken({ newerThan: token }), 2_500)).toMatchObject({
    code: "ERR_TOKEN_CLAIM_TIMEOUT",
  })
  expect(world.issuer.requests).toHaveLength(2)
  world.issuer.next("hangs")
  await world.clock.advance(60_000)
  one.tokens.getToken({ newerThan: token }).catch(() => undefined)
  await world.clock.advance(0)
  expect((await world.outcome(two.tokens.getToken({ newerThan: token }), 2_500)).accessToken).not.toBe(
    token.accessToken,
  )
  expect((await world.record()).version.generation).toBe(2)
})

test("an owner that was stopped for over five seconds before it sent starts over", async () => {
  const world = new World()
  const one = world.rotating({ storeTimeoutMs: 20_000 })
  one.connection.faults.plan("claim.isHeld", 6_000, 1)
  const token = await world.outcome(one.tokens.getToken())
  expect(one.connection.asked.get("claim.take")).toBe(2)
  expect(world.issuer.requests).toHaveLength(1)
  expect((await world.record()).token.accessToken).toBe(token.accessToken)
})

test("an owner whose claim is gone, or followed by a higher one, does not send", async () => {
  const world = new World()
  const one = world.rotating({ storeTimeoutMs: 20_000 })
  one.connection.faults.plan("claim.markSent", 3_000, 1)
  const getting = one.tokens.getToken()
  await world.clock.advance(1_000)
  const thief = world.store.claim(KEY, { what: hashOf(world.refreshToken), singleUse: true })
  await thief.take(2)
  await world.clock.advance(4_000)
  expect(world.issuer.requests).toHaveLength(0)
  await thief.release("own")
  await world.outcome(getting)
  expect(world.issuer.requests).toHaveLength(1)
})

test("an owner that was stopped between its mark and a repetition marks it again before it sends", async () => {
  const world = new World()
  const one = world.rotating({ storeTimeoutMs: 20_000 })
  world.issuer.next("unavailable")
  await expect(world.outcome(one.tokens.getToken())).rejects.toMatchObject({ ambiguous: true })
  one.connection.faults.plan("claim.isHeld", 6_000, 1)
  const marksBefore = one.connection.asked.get("claim.markSent") ?? 0
  await world.outcome(firstValueFrom(one.tokens.changes(), { defaultValue: undefined }))
  expect((one.connection.asked.get("claim.markSent") ?? 0) - marksBefore).toBe(2)
  expect(world.issuer.requests).toHaveLength(2)
})

test("an owner that finds another living owner of the same token gives its own claim up", async () => {
  const world = new World()
  const subject = { what: hashOf(world.refreshToken), singleUse: true }
  const [dead, alive] = [world.store.claim(KEY, subject), world.store.claim(KEY, subject)]
  await alive.take(1)
  await dead.take(2)
  await dead.abandon()
  const { tokens, connection } = world.rotating({ claimTimeoutMs: 1_000 })
  expect(await world.failure(tokens.getToken())).toMatchObject({ code: "ERR_TOKEN_CLAIM_TIMEOUT" })
  expect(connection.asked.get("claim.take")).toBeGreaterThan(0)
  expect(world.issuer.requests).toHaveLength(0)
  await alive.release("own")
  await world.outcome(tokens.getToken())
})

test("a mark that appears while a claim is being taken is respected", async () => {
  const world = new World()
  const subject = { what: hashOf(world.refreshToken), singleUse: true }
  const dead = world.store.claim(KEY, subject)
  await dead.take(1)
  await dead.abandon()
  const { tokens, connection } = world.rotating({ claimTimeoutMs: 60_000 })
  connection.faults.plan("claim.take", 100, 1)
  const late = world.store.claim(KEY, subject)
  const getting = tokens.getToken()
  await world.clock.advance(50)
  await late.take(7)
  await late.markSent()
  await late.abandon()
  const before = world.clock.monotonic()
  await world.outcome(getting)
  expect(world.clock.monotonic() - before).toBeGreaterThanOrEqual(9_900)
  expect(world.issuer.requests).toHaveLength(1)
})

test("the owner's own retry stops when its claim was followed by a higher one", async () => {
  const world = new World()
  const { tokens } = world.rotating()
  world.issuer.next("reset")
  await world.failure(tokens.getToken())
  const thief = world.store.claim(KEY, { what: hashOf(world.refreshToken), singleUse: true })
  await thief.take(2)
  await world.clock.advance(40_000)
  expect(world.issuer.requests).toHaveLength(1)
  await thief.release("own")
  await world.outcome(tokens.getToken())
  expect(world.issuer.requests).toHaveLength(2)
})

test("the owner's own retry stops at another's tombstone", async () => {
  const world = new World()
  const { tokens } = world.rotating()
  world.issuer.next("reset")
  await world.failure(tokens.getToken())
  await world.store.claim(KEY, { what: hashOf(world.refreshToken), singleUse: true }).reject()
  await world.clock.advance(40_000)
  expect(await world.failure(tokens.getToken())).toMatchObject({ code: "ERR_REAUTHENTICATION_REQUIRED" })
  expect(world.issuer.requests).toHaveLength(1)
  expect(world.clock.pendingTimers).toBe(0)
})

test("the owner's own retry ends when somebody else has written", async () => {
  const world = new World()
  const { tokens } = world.rotating()
  const token = await world.outcome(tokens.getToken())
  const record = await world.record()
  world.issuer.next("reset")
  await world.failure(tokens.getToken({ newerThan: token }))
  const version = { ...record.version, generation: 2, id: "elsewhere" }
  const elsewhere = { ...record, version, token: token.with({ accessToken: "elsewhere", version }) }
  await world.store.commit(KEY, elsewhere, { expected: record.version })
  await world.clock.advance(40_000)
  expect((await tokens.getToken()).accessToken).toBe("elsewhere")
  expect(world.issuer.requests).toHaveLength(2)
  expect(world.clock.pendingTimers).toBe(0)
  const { n } = await world.store.claim(KEY, { what: hashOf(token.refreshToken ?? ""), singleUse: true }).look()
  expect(n).toBe(0)
})

test("the owner's own retry survives a store that is out of reach meanwhile", async () => {
  const world = new World()
  const { tokens, connection } = world.rotating()
  world.issuer.next("reset")
  await world.failure(tokens.getToken())
  connection.faults.plan("*", "fails")
  await world.clock.advance(30_000)
  expect(world.issuer.requests).toHaveLength(1)
  connection.faults.heal()
  await world.clock.advance(5_000)
  expect(world.issuer.requests).toHaveLength(2)
  expect((await world.record()).token.accessToken).toBe((await tokens.getToken()).accessToken)
})
