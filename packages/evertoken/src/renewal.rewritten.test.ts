import { describe, expect, test } from "vitest"
import { randomId } from "./random.js"
import { EventLog } from "./testing/internal/event-log.js"
import { ScriptedSource } from "./testing/internal/scripted-source.js"
import { KEY, Simulation, type ProcessOptions } from "./testing/internal/simulation.js"

/** A process whose token is written again by another one, which had the right to do so and has lost it meanwhile. */
class Rewriting extends Simulation {
  readonly refreshToken = this.issuer.signIn()

  constructor() {
    super({ latencyMs: 1_000 })
  }

  process(options: ProcessOptions = {}, singleUse = true) {
    return this.start(new ScriptedSource(this.issuer, { refreshToken: this.refreshToken, singleUse }), options)
  }

  async rewrite(): Promise<void> {
    const record = await this.record()
    const version = { ...record.version, generation: record.version.generation + 1, id: randomId() }
    await this.store.commit(
      KEY,
      { ...record, version, token: record.token.with({ version }) },
      { expected: record.version },
    )
  }

  generations(): number[] {
    return this.store.written.map(({ version }) => version.generation)
  }

  /** Presented so far, each by its place: a refresh token that was presented before has that one's. */
  presented(): number[] {
    const tokens = this.issuer.requests.map(({ refreshToken }) => refreshToken)
    return tokens.map((token) => tokens.indexOf(token))
  }

  async isIntact(): Promise<boolean> {
    return this.issuer.isLive((await this.record()).token.refreshToken) && this.issuer.replayed.length === 0
  }
}

describe.each([true, false])("single-use: %s", (singleUse) => {
  test("a rotated refresh token is not lost because the spent one was written again meanwhile", async () => {
    const world = new Rewriting()
    const log = new EventLog()
    const { tokens } = world.process({}, singleUse)
    const first = await world.outcome(tokens.getToken())
    const renewal = world.begin(tokens.getToken({ newerThan: first }))
    await world.clock.advance(500)
    await world.rewrite()
    const second = await world.outcome(renewal)
    expect(second.accessToken).not.toBe(first.accessToken)
    expect((await world.record()).token.accessToken).toBe(second.accessToken)
    expect(world.generations()).toEqual([1, 2, 3])
    expect(log.of("renewed").map(({ generation }) => generation)).toEqual([1, 3])
    log.end()
    await world.outcome(world.process({}, singleUse).tokens.getToken({ newerThan: second }))
    expect(world.presented()).toEqual([0, 1, 2])
    expect(await world.isIntact()).toBe(true)
  })

  test("nor if this process has seen that before its answer came", async () => {
    const world = new Rewriting()
    const { tokens } = world.process({}, singleUse)
    const watching = tokens.changes().subscribe()
    const first = await world.outcome(tokens.getToken())
    const renewal = world.begin(tokens.getToken({ newerThan: first }))
    await world.clock.advance(500)
    await world.rewrite()
    await world.clock.advance(100)
    expect((await world.outcome(renewal)).accessToken).toBe((await world.record()).token.accessToken)
    expect(world.generations()).toEqual([1, 2, 3])
    expect(await world.isIntact()).toBe(true)
    watching.unsubscribe()
  })
})

test("a rotated refresh token is not lost if it could not be written before the spent one was written again", async () => {
  const world = new Rewriting()
  const { tokens, connection } = world.process()
  const first = await world.outcome(tokens.getToken())
  connection.faults.plan("commit", "fails", 1)
  const second = await world.outcome(tokens.getToken({ newerThan: first }))
  await world.rewrite()
  await world.clock.advance(5_000)
  expect((await world.record()).token.accessToken).toBe(second.accessToken)
  expect(world.generations()).toEqual([1, 2, 3])
  expect(await world.isIntact()).toBe(true)
})

test("nor if it could not be written after that was seen", async () => {
  const world = new Rewriting()
  const { tokens, connection } = world.process()
  const watching = tokens.changes().subscribe()
  const first = await world.outcome(tokens.getToken())
  const renewal = world.begin(tokens.getToken({ newerThan: first }))
  await world.clock.advance(500)
  await world.rewrite()
  await world.clock.advance(100)
  connection.faults.plan("commit", "fails", 1)
  const second = await world.outcome(renewal)
  await world.clock.advance(5_000)
  expect((await world.record()).token.accessToken).toBe(second.accessToken)
  expect(world.generations()).toEqual([1, 2, 3])
  expect(await world.isIntact()).toBe(true)
  watching.unsubscribe()
})

test("it is written on top as often as it takes", async () => {
  const world = new Rewriting()
  let rewrites = 3
  const beforeOperation: ProcessOptions["beforeOperation"] = async (operation) => {
    if (operation === "commit" && (await world.stored()) !== undefined && rewrites-- > 0) await world.rewrite()
  }
  const { tokens } = world.process({ beforeOperation })
  const second = await world.outcome(tokens.getToken({ newerThan: await world.outcome(tokens.getToken()) }))
  expect((await world.record()).token.accessToken).toBe(second.accessToken)
  expect(world.generations()).toEqual([1, 2, 3, 4, 5])
  expect(await world.isIntact()).toBe(true)
})

test("a store in which it is written again without end is taken for one that cannot be written: the claim is kept", async () => {
  const world = new Rewriting()
  const log = new EventLog()
  let isRewritten = true
  const beforeOperation: ProcessOptions["beforeOperation"] = async (operation) => {
    if (operation === "commit" && (await world.stored()) !== undefined && isRewritten) await world.rewrite()
  }
  const { tokens } = world.process({ beforeOperation })
  const second = await world.outcome(tokens.getToken({ newerThan: await world.outcome(tokens.getToken()) }))
  expect(log.of("unwritten")).toHaveLength(1)
  log.end()
  isRewritten = false
  await world.clock.advance(5_000)
  expect((await world.record()).token.accessToken).toBe(second.accessToken)
  expect(world.presented()).toEqual([0, 1])
  expect(await world.isIntact()).toBe(true)
})

test("while nobody knows what became of a request, what it presented is not presented as if for the first time", async () => {
  const world = new Rewriting()
  const log = new EventLog()
  const { tokens } = world.process()
  const first = await world.outcome(tokens.getToken())
  world.issuer.next("reset")
  expect(await world.failure(tokens.getToken({ newerThan: first }))).toMatchObject({ ambiguous: true })
  await world.rewrite()
  await world.clock.advance(60_000)
  const presentations = log
    .of("step")
    .filter(({ step }) => step === "sending")
    .map(({ presentation }) => presentation)
  log.end()
  expect(presentations).toEqual(["first", "first", "repeat"])
  expect(world.generations()).toEqual([1, 2, 3])
  expect(await world.isIntact()).toBe(true)
})

test("what the issuer has refused is not presented once more because it was written again", async () => {
  const world = new Rewriting()
  const { tokens } = world.process()
  const first = await world.outcome(tokens.getToken())
  world.issuer.next("invalid-grant")
  const renewal = world.begin(tokens.getToken({ newerThan: first }))
  await world.clock.advance(500)
  await world.rewrite()
  expect(await world.failure(renewal)).toMatchObject({ code: "ERR_REAUTHENTICATION_REQUIRED" })
  const other = world.process()
  const newest = await world.outcome(other.tokens.getToken())
  const failure = await world.failure(other.tokens.getToken({ newerThan: newest }))
  expect(failure).toMatchObject({ code: "ERR_REAUTHENTICATION_REQUIRED" })
  expect(world.presented()).toEqual([0, 1])
})

test("a sign-out and a sign-in that come after the spent one was written again stay", async () => {
  for (const signsOut of [true, false]) {
    const world = new Rewriting()
    const { tokens } = world.process()
    const other = world.process().tokens
    const first = await world.outcome(tokens.getToken())
    const renewal = world.begin(tokens.getToken({ newerThan: first }))
    await world.clock.advance(500)
    await world.rewrite()
    const signedIn = first.with({ accessToken: "signed-in", refreshToken: world.issuer.signIn() })
    await (signsOut ? other.signOut() : other.signIn(signedIn))
    await world.outcome(Promise.allSettled([renewal]))
    expect((await world.stored())?.token?.accessToken).toBe(signsOut ? undefined : "signed-in")
    expect(world.generations()).toEqual([1, 2, 3])
  }
})
