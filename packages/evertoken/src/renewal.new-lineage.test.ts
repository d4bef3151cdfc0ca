import { expect, test } from "vitest"
import { EventLog } from "./testing/internal/event-log.js"
import { ScriptedSource } from "./testing/internal/scripted-source.js"
import { KEY, Simulation } from "./testing/internal/simulation.js"

test("a newly configured refresh token whose answer comes while another process rotates the old one is not lost", async () => {
  const world = new Simulation({ latencyMs: 100 })
  const [oldToken, newToken] = [world.issuer.signIn(), world.issuer.signIn()]
  const old = world.start(new ScriptedSource(world.issuer, { refreshToken: oldToken }))
  const first = await world.outcome(old.tokens.getToken())
  const next = world.start(new ScriptedSource(world.issuer, { refreshToken: newToken }))

  const both = [old.tokens.getToken({ newerThan: first }), next.tokens.getToken({ newerThan: first })]
  await world.outcome(Promise.allSettled(both))
  await world.clock.advance(60_000)
  const held = (await world.record()).token
  await world.outcome(next.tokens.getToken({ newerThan: held }))

  expect(world.issuer.requests.filter(({ refreshToken }) => refreshToken === newToken)).toHaveLength(1)
  expect(world.issuer.replayed).toEqual([])
  expect(world.issuer.liveFamilies).toBe(2)
})

test("a sign-out during the first use of a configured refresh token wins, and the token is not presented again", async () => {
  const world = new Simulation({ latencyMs: 100 })
  const configured = world.issuer.signIn()
  const owner = world.start(new ScriptedSource(world.issuer, { refreshToken: configured }))
  const other = world.start(new ScriptedSource(world.issuer, { refreshToken: configured }))
  const renewal = world.begin(owner.tokens.getToken())
  await world.clock.advance(50)
  await world.store.delete(KEY)

  await expect(world.outcome(renewal)).rejects.toMatchObject({ code: "ERR_REAUTHENTICATION_REQUIRED" })
  await expect(world.outcome(other.tokens.getToken())).rejects.toMatchObject({ code: "ERR_REAUTHENTICATION_REQUIRED" })
  expect((await world.stored())?.token).toBeUndefined()
  expect(world.issuer.requests).toHaveLength(1)
})

test("a refusal of what another process has replaced meanwhile is no reason to sign in again, even if its write was seen before", async () => {
  const world = new Simulation({ latencyMs: 2_000 })
  const process = world.start(new ScriptedSource(world.issuer, { refreshToken: world.issuer.signIn() }))
  const first = await world.outcome(process.tokens.getToken())
  const subscription = process.tokens.changes().subscribe()
  const log = new EventLog()
  world.issuer.next("invalid-grant")
  const renewal = world.begin(process.tokens.getToken({ newerThan: first }))
  await world.clock.advance(500)

  const record = await world.record()
  const version = { lineage: "elsewhere", generation: record.version.generation + 1, id: "another" }
  const token = record.token.with({ accessToken: "newer", refreshToken: "newer-refresh-token", version })
  await world.store.commit(KEY, { ...record, version, token }, { expected: record.version })

  expect((await world.outcome(renewal)).accessToken).toBe("newer")
  expect(log.of("renewal-failed")).toEqual([])
  log.end()
  subscription.unsubscribe()
})

test("whoever is configured with a new refresh token is not given what another one brought: it is used at once", async () => {
  const world = new Simulation()
  const [alice, bob] = [world.issuer.signIn(), world.issuer.signIn()]
  const first = world.start(new ScriptedSource(world.issuer, { refreshToken: alice }))
  const token = await world.outcome(first.tokens.getToken())
  const second = world.start(new ScriptedSource(world.issuer, { refreshToken: bob }))

  expect((await world.outcome(second.tokens.getToken())).accessToken).not.toBe(token.accessToken)
  expect(world.issuer.requests.map(({ refreshToken }) => refreshToken)).toEqual([alice, bob])
})

/** A process with a newly configured refresh token, which has sent it; another one has used the old one before. */
async function newcomer() {
  const world = new Simulation({ latencyMs: 1_000 })
  const [oldToken, newToken] = [world.issuer.signIn(), world.issuer.signIn()]
  const old = world.start(new ScriptedSource(world.issuer, { refreshToken: oldToken }))
  await world.outcome(old.tokens.getToken())
  const process = world.start(new ScriptedSource(world.issuer, { refreshToken: newToken }))
  const uses = () => world.issuer.requests.filter(({ refreshToken }) => refreshToken === newToken).length
  return { world, process, uses }
}

test("a newly configured refresh token whose answer cannot be written, once a rotation of the old one was seen, is not lost", async () => {
  const { world, process, uses } = await newcomer()
  const watching = process.tokens.changes().subscribe()
  const renewal = world.begin(process.tokens.getToken())
  await world.clock.advance(500)
  const record = await world.record()
  const version = { ...record.version, generation: record.version.generation + 1, id: "another" }
  const token = record.token.with({ accessToken: "rotated", refreshToken: "rotated-refresh-token", version })
  await world.store.commit(KEY, { ...record, version, token }, { expected: record.version })
  await world.clock.advance(100)
  process.connection.faults.plan("commit", "fails", 1)

  const own = await world.outcome(renewal)
  await world.clock.advance(60_000)
  expect((await world.record()).token.accessToken).toBe(own.accessToken)
  expect(world.store.written.map(({ version: { generation } }) => generation)).toEqual([1, 2, 3])
  await world.outcome(process.tokens.getToken({ newerThan: own }))
  expect(uses()).toBe(1)
  expect(world.issuer.replayed).toEqual([])
  expect(world.issuer.liveFamilies).toBe(2)
  watching.unsubscribe()
})

test("a newly configured refresh token whose answer could not be written outlasts a rotation of the old one that came after it", async () => {
  const { world, process, uses } = await newcomer()
  process.connection.faults.plan("commit", "fails", 1)
  const own = await world.outcome(process.tokens.getToken())
  const record = await world.record()
  const version = { ...record.version, generation: record.version.generation + 1, id: "another" }
  const longer = { expiresAt: own.expiresAt + 3_600_000 }
  const token = record.token.with({ ...longer, accessToken: "rotated", refreshToken: "rotated-refresh-token", version })
  await world.store.commit(KEY, { ...record, version, token }, { expected: record.version })

  await world.clock.advance(60_000)
  expect((await world.record()).token.accessToken).toBe(own.accessToken)
  expect((await process.tokens.getToken()).accessToken).toBe(own.accessToken)
  await world.outcome(process.tokens.getToken({ newerThan: own }))
  expect(uses()).toBe(1)
  expect(world.issuer.replayed).toEqual([])
})

test("the first use of a configured refresh token whose outcome is unknown is pursued on top of what another process wrote since", async () => {
  const { world, process, uses } = await newcomer()
  world.issuer.next("reset")
  expect(await world.failure(process.tokens.getToken())).toMatchObject({ ambiguous: true })
  const record = await world.record()
  const version = { ...record.version, generation: record.version.generation + 1, id: "another" }
  const token = record.token.with({ accessToken: "rotated", refreshToken: "rotated-refresh-token", version })
  await world.store.commit(KEY, { ...record, version, token }, { expected: record.version })

  await world.clock.advance(60_000)
  const own = await world.outcome(process.tokens.getToken())
  const stored = await world.record()
  expect([stored.token.accessToken, stored.version.generation]).toEqual([own.accessToken, version.generation + 1])
  expect(stored.lineages).toEqual([...record.lineages, expect.any(String)])
  expect(uses()).toBe(2)
  expect(world.issuer.replayed).toEqual([])
})

test("a newly configured refresh token whose answer cannot be written, once a sign-out was seen, is signed out of for good", async () => {
  const { world, process, uses } = await newcomer()
  const watching = process.tokens.changes().subscribe()
  const renewal = world.begin(process.tokens.getToken())
  await world.clock.advance(500)
  await world.store.delete(KEY)
  await world.clock.advance(100)
  process.connection.faults.plan("commit", "fails", 1)

  await expect(world.outcome(renewal)).rejects.toMatchObject({ code: "ERR_REAUTHENTICATION_REQUIRED" })
  await world.clock.advance(60_000)
  await expect(world.outcome(process.tokens.getToken())).rejects.toMatchObject({
    code: "ERR_REAUTHENTICATION_REQUIRED",
  })
  expect((await world.stored())?.token).toBeUndefined()
  expect(uses()).toBe(1)
  watching.unsubscribe()
})

test.each(["answer-lost", "reset"] as const)(
  "a newly configured refresh token of which nobody knows what became (%s) is not presented again after a sign-out",
  async (behaviour) => {
    const { world, process, uses } = await newcomer()
    world.issuer.next(behaviour)
    await world.outcome(Promise.allSettled([process.tokens.getToken()]))
    await world.store.delete(KEY)
    await world.clock.advance(120_000)

    await expect(world.outcome(process.tokens.getToken())).rejects.toMatchObject({
      code: "ERR_REAUTHENTICATION_REQUIRED",
    })
    expect(uses()).toBe(1)
    expect(world.issuer.replayed).toEqual([])
    const next = world.start(new ScriptedSource(world.issuer, { refreshToken: world.issuer.signIn() }))
    await world.outcome(next.tokens.getToken())
    expect((await world.record()).lineages).toHaveLength(3)
  },
)
