import { describe, expect, test } from "vitest"
import { MemoryTokenCache } from "./memory-token-cache.js"
import { EventLog } from "./testing/internal/event-log.js"
import { ScriptedSource } from "./testing/internal/scripted-source.js"
import { KEY, Simulation } from "./testing/internal/simulation.js"

const REAUTHENTICATION = { code: "ERR_REAUTHENTICATION_REQUIRED" }

/** A host that has renewed once, and was off until its token expired; each process is a cold start. */
async function host(world = new Simulation()) {
  const refreshToken = world.issuer.signIn()
  const inner = new MemoryTokenCache({ clock: world.clock })
  const start = (subject = "subject") =>
    world.start(new ScriptedSource(world.issuer, { refreshToken, subject }), { before: [inner] })
  const { tokens } = start()
  const token = await world.outcome(tokens.getToken())
  await world.clock.advance(700_000)
  return { world, inner, start, token, tokens }
}

test("a store that was emptied gets its refresh token back from an inner cache, though the access token has expired", async () => {
  const { world, start, token } = await host()
  await world.store.empty()
  await world.outcome(start().tokens.getToken())
  expect(world.issuer.requests.at(-1)?.refreshToken).toBe(token.refreshToken)
  expect(world.issuer.replayed).toEqual([])
  expect(world.store.written.map(({ version }) => version.generation)).toEqual([1, 1, 2])
})

test("a sign-out in the store is not undone by what an inner cache has left", async () => {
  const { world, inner, start } = await host()
  await world.outcome(world.start(new ScriptedSource(world.issuer)).tokens.signOut())
  expect((await inner.get(KEY))?.token).toBeDefined()
  expect(await world.failure(start().tokens.getToken())).toMatchObject(REAUTHENTICATION)
  expect((await inner.get(KEY))?.token).toBeUndefined()
  expect(world.issuer.requests).toHaveLength(1)
})

test("a sign-out that only an inner cache remembers is one all the same", async () => {
  const { world, start, tokens } = await host()
  await world.outcome(tokens.signOut())
  await world.store.empty()
  expect(await world.failure(start().tokens.getToken())).toMatchObject(REAUTHENTICATION)
  expect(world.issuer.requests).toHaveLength(1)
})

test("whoever signs out at a cold start with a store that was emptied does not begin again by the next request", async () => {
  const { world, start } = await host()
  await world.store.empty()
  const { tokens } = start()
  await world.outcome(tokens.signOut())
  expect(await world.failure(tokens.getToken())).toMatchObject(REAUTHENTICATION)
  expect(await world.failure(start().tokens.getToken())).toMatchObject(REAUTHENTICATION)
  expect(world.issuer.requests).toHaveLength(1)
})

test("what an inner cache has of another grant is left alone", async () => {
  const { world, start } = await host()
  await world.store.empty()
  await world.failure(start("another").tokens.getToken())
  expect(world.store.written.map(({ version }) => version.generation)).toEqual([1])
})

test("what another process writes to the emptied store meanwhile is adopted, not overwritten", async () => {
  const { world, start, tokens: before } = await host()
  const token = await world.outcome(before.getToken())
  await world.clock.advance(700_000)
  const record = await world.record()
  const version = { ...record.version, generation: 1, id: "elsewhere" }
  const elsewhere = token.with({ accessToken: "elsewhere", expiresAt: world.clock.now() + 600_000, version })
  await world.store.empty()
  const { tokens, connection } = start()
  connection.faults.plan("commit", 100, 1)
  const getting = tokens.getToken()
  await world.clock.advance(50)
  await world.store.commit(KEY, { ...record, version, token: elsewhere }, { expected: undefined })
  expect((await world.outcome(getting)).accessToken).toBe("elsewhere")
  expect((await world.record()).version).toEqual(version)
})

describe("a store that has lost its claims, too", () => {
  /** Two processes with the same token, which has expired; one of them is asking for the next when the store loses everything. */
  async function lossUnderWay(behaviour: "grants" | "answer-lost") {
    const world = new Simulation({ latencyMs: 8_000 })
    const refreshToken = world.issuer.signIn()
    const process = () => world.start(new ScriptedSource(world.issuer, { refreshToken }))
    const [one, two] = [process().tokens, process().tokens]
    const first = await world.outcome(one.getToken())
    await world.outcome(two.getToken())
    await world.clock.advance(700_000)
    if (behaviour === "answer-lost") world.issuer.next("answer-lost")
    const asking = one.getToken()
    await world.clock.advance(1_000)
    expect(world.issuer.requests).toHaveLength(2)
    await world.store.wipe()
    return { world, asking, two, first }
  }

  test("does not have the refresh token spent again that another process is just spending", async () => {
    const { world, asking, two } = await lossUnderWay("grants")
    const waiting = two.getToken()
    const token = await world.outcome(asking)
    expect((await world.outcome(waiting)).accessToken).toBe(token.accessToken)
    expect(world.issuer.requests).toHaveLength(2)
    expect(world.issuer.replayed).toEqual([])
  })

  test("has it presented as a last try, once no request of another process can be under way any more", async () => {
    const { world, asking, two, first } = await lossUnderWay("answer-lost")
    const log = new EventLog()
    asking.catch(() => undefined)
    await world.failure(two.getToken())
    const [, sent, again] = world.issuer.requests
    expect(again?.refreshToken).toBe(first.refreshToken)
    expect((again?.at ?? 0) - (sent?.at ?? 0)).toBeGreaterThanOrEqual(15_000)
    expect(log.of("step").filter(({ step }) => step === "sending")).toMatchObject([{ presentation: "last-try" }])
    log.end()
  })

  test("does not hold up what may be asked for twice", async () => {
    const world = new Simulation()
    const { tokens } = world.start(new ScriptedSource(world.issuer, { singleUse: false }))
    await world.outcome(tokens.getToken())
    await world.clock.advance(700_000)
    await world.store.wipe()
    await world.outcome(tokens.getToken(), 1_000)
    expect(world.issuer.requests).toHaveLength(2)
  })

  test("is told by the record that was put back, until the next one", async () => {
    const world = new Simulation()
    const { tokens } = world.start(new ScriptedSource(world.issuer, { refreshToken: world.issuer.signIn() }))
    const first = await world.outcome(tokens.getToken())
    expect((await world.record()).restoredAt).toBeUndefined()
    await world.store.wipe()
    const lostAt = world.clock.now()
    const renewing = tokens.getToken({ newerThan: first })
    await world.clock.advance(0)
    expect((await world.record()).restoredAt).toBe(lostAt)
    await world.outcome(renewing)
    expect((await world.record()).restoredAt).toBeUndefined()
  })
})
