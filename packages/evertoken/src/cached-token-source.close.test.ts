import { afterEach, expect, test } from "vitest"
import { CachedTokenSource } from "./cached-token-source.js"
import { ScriptedSource } from "./testing/internal/scripted-source.js"
import { KEY, Simulation, type ProcessOptions } from "./testing/internal/simulation.js"
import { hashOf } from "./token-source.js"

class World extends Simulation {
  readonly refreshToken = this.issuer.signIn()

  rotating(options: ProcessOptions = {}) {
    return this.start(new ScriptedSource(this.issuer, { refreshToken: this.refreshToken }), options)
  }

  claim() {
    return this.store.claim(KEY, { what: hashOf(this.refreshToken), singleUse: true })
  }

  running(): number[] {
    return [this.clock.pendingTimers, this.clock.refTimers]
  }
}

const rejections: unknown[] = []
const onRejection = (reason: unknown) => rejections.push(reason)
process.on("unhandledRejection", onRejection)
afterEach(() => expect(rejections.splice(0)).toEqual([]))

test("closing what is idle leaves nothing running, and a token at hand is still served", async () => {
  const world = new World()
  const { tokens } = world.rotating()
  const token = await world.outcome(tokens.getToken())
  await world.outcome(tokens.close(), 0)
  expect(world.running()).toEqual([0, 0])
  expect(await tokens.getToken()).toBe(token)
})

test("closed, it renews nothing: not for a stale read, nor for who wants a newer one", async () => {
  const world = new World()
  const { tokens } = world.rotating()
  const token = await world.outcome(tokens.getToken())
  await world.outcome(tokens.close())
  await world.clock.advance(460_000)
  expect(await tokens.getToken()).toBe(token)
  expect(await world.failure(tokens.getToken({ newerThan: token }))).toMatchObject({
    code: "ERR_TOKEN_SOURCE_CLOSED",
    transient: false,
  })
  await world.clock.advance(200_000)
  expect(await world.failure(tokens.getToken())).toMatchObject({ code: "ERR_TOKEN_SOURCE_CLOSED" })
  expect(world.issuer.requests).toHaveLength(1)
  expect(world.running()).toEqual([0, 0])
})

test("closing while waiting for another's claim ends the wait", async () => {
  const world = new World()
  await world.claim().take(1)
  const { tokens } = world.rotating()
  const waiting = world.begin(tokens.getToken())
  await world.clock.advance(1_000)
  const closing = tokens.close()
  expect(await world.failure(waiting, 0)).toMatchObject({ code: "ERR_TOKEN_SOURCE_CLOSED" })
  await world.outcome(closing, 0)
  expect(world.running()).toEqual([0, 0])
})

test("closing after the claim and before the request gives the claim back, and sends nothing", async () => {
  const world = new World()
  const { tokens, connection } = world.rotating()
  connection.faults.plan("claim.markSent", 100, 1)
  const getting = world.begin(tokens.getToken())
  await world.clock.advance(50)
  const closing = tokens.close()
  expect(await world.failure(getting)).toMatchObject({ code: "ERR_TOKEN_SOURCE_CLOSED" })
  await world.outcome(closing)
  expect(await world.claim().look()).toMatchObject({ n: 0, sentAgoMs: undefined })
  expect(world.issuer.requests).toHaveLength(0)
  expect(world.running()).toEqual([0, 0])
})

test("a request that was sent and works once is let finish, and its answer is written", async () => {
  const world = new World()
  const { tokens } = world.rotating()
  const getting = world.begin(tokens.getToken())
  await world.clock.advance(50)
  await world.outcome(tokens.close())
  const { token } = await world.record()
  expect(world.issuer.isLive(token.refreshToken)).toBe(true)
  expect((await getting).accessToken).toBe(token.accessToken)
  expect(world.running()).toEqual([0, 0])
})

test("a request that was sent and can be repeated is aborted at once", async () => {
  const world = new World()
  const { tokens } = world.start(new ScriptedSource(world.issuer))
  world.issuer.next("hangs")
  const getting = world.begin(tokens.getToken())
  await world.clock.advance(50)
  await world.outcome(tokens.close(), 0)
  expect(await world.failure(getting)).toMatchObject({ code: "ERR_TOKEN_SOURCE_CLOSED" })
  expect(world.running()).toEqual([0, 0])
})

test("a request without an answer is given up when the time is over, its claim left as a dead owner's", async () => {
  const world = new World()
  world.issuer.next("hangs")
  const { tokens } = world.rotating()
  const getting = world.begin(tokens.getToken())
  await world.clock.advance(50)
  await world.outcome(tokens.close({ timeoutMs: 2_000 }), 2_100)
  expect(await world.failure(getting)).toMatchObject({ code: "ERR_TOKEN_SOURCE_CLOSED" })
  expect(await world.claim().look()).toMatchObject({ n: 1, owner: "gone", sentAgoMs: 2_050 })
  expect(world.running()).toEqual([0, 0])
  await world.outcome(world.rotating().tokens.getToken())
  expect(world.issuer.replayed).toEqual([])
})

test("an unknown outcome is not waited for: the claim is left as a dead owner's at once", async () => {
  const world = new World()
  world.issuer.next("reset")
  const { tokens } = world.rotating()
  await world.failure(tokens.getToken())
  await world.outcome(tokens.close(), 0)
  expect(await world.claim().look()).toMatchObject({ n: 1, owner: "gone" })
  expect(world.running()).toEqual([0, 0])
})

test("closing just before an unknown outcome is pursued sends nothing more, and leaves the claim as a dead owner's", async () => {
  const world = new World()
  world.issuer.next("reset")
  const { tokens, connection } = world.rotating()
  await world.failure(tokens.getToken())
  connection.faults.plan("claim.markSent", 100, 1)
  while (connection.asked.get("claim.markSent") === 1) await world.clock.advance(50)
  await world.outcome(tokens.close())
  expect(await world.claim().look()).toMatchObject({ n: 1, owner: "gone" })
  expect(world.issuer.requests).toHaveLength(1)
  expect(world.running()).toEqual([0, 0])
})

test("closing while the store is watched after a refusal ends with the tombstone", async () => {
  const world = new World()
  world.issuer.next("invalid-grant")
  const { tokens } = world.rotating()
  const getting = world.begin(tokens.getToken())
  await world.clock.advance(400)
  const closing = tokens.close()
  expect(await world.failure(getting)).toMatchObject({ code: "ERR_REAUTHENTICATION_REQUIRED" })
  await world.outcome(closing)
  expect(await world.claim().look()).toMatchObject({ n: 0, rejected: true })
  expect(world.running()).toEqual([0, 0])
})

test("closing with a store that hangs ends all the same", async () => {
  const world = new World()
  const { tokens, connection } = world.rotating()
  connection.faults.plan("*", "hangs")
  const getting = world.begin(tokens.getToken())
  await world.clock.advance(50)
  const closing = tokens.close({ timeoutMs: 1_000 })
  expect(await world.failure(getting)).toMatchObject({ code: "ERR_TOKEN_CACHE" })
  await world.outcome(closing, 10_000)
  expect(world.running()).toEqual([0, 0])
})

test("whoever closes, and however often, waits for the same end", async () => {
  const world = new World()
  const { tokens } = world.rotating()
  const getting = world.begin(tokens.getToken())
  await world.clock.advance(50)
  const first = tokens.close()
  await world.outcome(tokens[Symbol.asyncDispose]())
  expect((await world.record()).token.accessToken).toBe((await getting).accessToken)
  await first
})

test("`await using` closes", async () => {
  const world = new World()
  const source = new ScriptedSource(world.issuer)
  let outside: CachedTokenSource
  {
    await using tokens = new CachedTokenSource(source, { clock: world.clock })
    outside = tokens
  }
  expect(await world.failure(outside.getToken())).toMatchObject({ code: "ERR_TOKEN_SOURCE_CLOSED" })
})

test("closing completes the stream of changes, and lets go of the store", async () => {
  const world = new World()
  const { tokens, connection } = world.rotating()
  const seen: string[] = []
  tokens.changes().subscribe({ next: () => seen.push("change"), complete: () => seen.push("complete") })
  await world.outcome(tokens.getToken())
  await world.outcome(tokens.close())
  const asked = connection.asked.get("get")
  await world.store.delete(KEY)
  await world.clock.advance(100)
  expect(seen).toEqual(["change", "complete"])
  expect(connection.asked.get("get")).toBe(asked)
  tokens.changes().subscribe({ complete: () => seen.push("complete at once") })
  expect(seen).toContain("complete at once")
})

test("a closed source still takes over what others write, for who asks", async () => {
  const world = new World()
  const [one, two] = [world.rotating(), world.rotating()]
  const first = await world.outcome(one.tokens.getToken())
  await world.outcome(one.tokens.close())
  const second = await world.outcome(two.tokens.getToken({ newerThan: first }))
  expect((await world.outcome(one.tokens.getToken({ newerThan: first }))).accessToken).toBe(second.accessToken)
})

test("a claim that is taken only after the end is given back once it is there", async () => {
  const world = new World()
  const { tokens, connection } = world.rotating({ storeTimeoutMs: 1_000 })
  connection.faults.plan("claim.take", 30_000, 1)
  const getting = world.begin(tokens.getToken())
  await world.clock.advance(50)
  await world.outcome(tokens.close({ timeoutMs: 100 }))
  expect(await world.failure(getting)).toMatchObject({ code: "ERR_TOKEN_CACHE" })
  await world.clock.advance(30_000)
  expect((await world.claim().look()).owner).toBe("gone")
  await world.outcome(world.rotating().tokens.getToken(), 1_000)
  expect(world.running()).toEqual([0, 0])
})
