import { describe, expect, test } from "vitest"
import { noJitter } from "./jitter.js"
import { MemoryTokenCache } from "./memory-token-cache.js"
import { seededRandom } from "./random.js"
import { tokenOf } from "./testing/internal/answering-source.js"
import { ScriptedSource } from "./testing/internal/scripted-source.js"
import { KEY, Simulation, type ProcessOptions } from "./testing/internal/simulation.js"
import { Token } from "./token.js"
import { TokenWatcher } from "./token-watcher.js"

const REAUTHENTICATION = { code: "ERR_REAUTHENTICATION_REQUIRED", transient: false }

function scene() {
  const world = new Simulation()
  // as RefreshTokenSource without the option refreshToken
  const start = (options?: ProcessOptions) =>
    world.start(new ScriptedSource(world.issuer, { singleUse: true }), options)
  const signIn = (accessToken = "signed-in") =>
    tokenOf(accessToken, world.clock, { lifetimeMs: 600_000, refreshToken: world.issuer.signIn() })
  return { world, start, signIn }
}

test("what a sign-in gave is served at once, durable, and renewed by its refresh token from then on", async () => {
  const { world, start, signIn } = scene()
  const { tokens } = start()
  expect(await world.failure(tokens.getToken())).toMatchObject(REAUTHENTICATION)
  const token = signIn()
  await world.outcome(tokens.signIn(token), 10)
  expect((await world.record()).token).toMatchObject({ accessToken: "signed-in", refreshToken: token.refreshToken })
  const served = await world.outcome(tokens.getToken(), 10)
  expect(served.accessToken).toBe("signed-in")
  const renewed = await world.outcome(tokens.getToken({ newerThan: served }))
  expect(world.issuer.requests.map(({ refreshToken }) => refreshToken)).toEqual([token.refreshToken])
  expect(renewed.version?.lineage).toBe(served.version?.lineage)
})

test("each sign-in begins a lineage, and its generation goes on", async () => {
  const { world, start, signIn } = scene()
  const { tokens } = start()
  await world.outcome(tokens.signIn(signIn("first")))
  const first = await world.record()
  await world.outcome(tokens.signOut())
  await world.outcome(tokens.signIn(signIn("second")))
  const second = await world.record()
  expect([first.version.generation, second.version.generation]).toEqual([1, 3])
  expect(second.version.lineage).not.toBe(first.version.lineage)
})

test("another process adopts a sign-in, though it knew that none was there", async () => {
  const { world, start, signIn } = scene()
  const [one, two] = [start(), start()]
  expect(await world.failure(two.tokens.getToken())).toMatchObject(REAUTHENTICATION)
  await world.outcome(one.tokens.signIn(signIn()))
  expect((await world.outcome(two.tokens.getToken())).accessToken).toBe("signed-in")
})

test.each(["here", "in another process"])(
  "a renewal of the old lineage under way %s does not write over it",
  async (where) => {
    const { world, start, signIn } = scene()
    const [one, two] = [start(), start()]
    await world.outcome(one.tokens.signIn(signIn("old")))
    const renewer = where === "here" ? one : two
    const old = await world.outcome(renewer.tokens.getToken())
    const renewing = world.begin(renewer.tokens.getToken({ newerThan: old }))
    await world.clock.advance(50)
    expect(world.issuer.requests).toHaveLength(1)
    await world.outcome(one.tokens.signIn(signIn("new")), 10)
    expect((await world.outcome(renewing)).accessToken).toBe("new")
    await world.clock.advance(30_000)
    expect((await world.record()).token.accessToken).toBe("new")
    expect(world.issuer.replayed).toEqual([])
    expect(world.clock.pendingTimers).toBe(0)
  },
)

describe("who asks after a sign-in with a refresh token alone is not told of a failure that began before it", () => {
  const over = { accessToken: "none", issuedAt: 0, staleAt: 0, expiresAt: 1 }

  test("that nobody had signed in", async () => {
    const { world, start } = scene()
    const { tokens, connection } = start()
    connection.faults.plan("claim.release", 100, 1)
    const before = world.begin(tokens.getToken())
    await world.clock.advance(50)
    const refreshToken = world.issuer.signIn()
    await world.outcome(tokens.signIn(new Token({ ...over, refreshToken })), 10)
    const after = world.begin(tokens.getToken({ insist: true }))
    expect(await world.outcome(after)).toBe(await world.outcome(before))
    expect(world.issuer.requests).toMatchObject([{ refreshToken, behaviour: "well" }])
  })

  test("that the grant was refused", async () => {
    const { world, start, signIn } = scene()
    const { tokens, connection } = start()
    await world.outcome(tokens.signIn(signIn("old")))
    const watcher = await world.outcome(
      TokenWatcher.start(tokens, { clock: world.clock, jitter: noJitter, random: seededRandom(1) }),
    )
    world.issuer.next("invalid-grant")
    connection.faults.plan("claim.release", 2_000, 1)
    const before = world.begin(watcher.refresh())
    await world.clock.advance(1_500)
    const refreshToken = world.issuer.signIn()
    await world.outcome(tokens.signIn(new Token({ ...over, refreshToken })), 10)
    const after = world.begin(watcher.refresh())
    expect(await world.outcome(after)).toBe(await world.outcome(before))
    expect(world.issuer.requests.slice(1)).toMatchObject([{ refreshToken, behaviour: "well" }])
    await world.outcome(watcher.close())
  })
})

test("a rotation that could not be written does not come back over a sign-in", async () => {
  const { world, start, signIn } = scene()
  const { tokens, connection } = start()
  await world.outcome(tokens.signIn(signIn("old")))
  const old = await world.outcome(tokens.getToken())
  connection.faults.plan("commit", "fails")
  await world.outcome(tokens.getToken({ newerThan: old }))
  connection.faults.heal()
  await world.outcome(tokens.signIn(signIn("new")))
  await world.clock.advance(30_000)
  expect((await world.record()).token.accessToken).toBe("new")
  expect((await world.outcome(tokens.getToken())).accessToken).toBe("new")
  expect(world.clock.pendingTimers).toBe(0)
})

test("in an emptied store it still follows what is known", async () => {
  const { world, start, signIn } = scene()
  const { tokens } = start()
  for (const name of ["first", "second"]) await world.outcome(tokens.signIn(signIn(name)))
  await world.store.empty()
  await world.outcome(tokens.signIn(signIn("third")))
  expect((await world.outcome(tokens.getToken())).accessToken).toBe("third")
  expect((await world.record()).version.generation).toBe(3)
})

test("a sign-in that cannot be written is told, and is not served", async () => {
  const { world, start, signIn } = scene()
  const { tokens, connection } = start()
  connection.faults.plan("commit", "fails", 1)
  expect(await world.failure(tokens.signIn(signIn()))).toMatchObject({ code: "ERR_TOKEN_CACHE" })
  expect(await world.failure(tokens.getToken())).toMatchObject(REAUTHENTICATION)
})

test("somebody who writes in between does not keep a sign-in out", async () => {
  const { world, start, signIn } = scene()
  const [one, two] = [start(), start()]
  one.connection.faults.plan("commit", 100, 1)
  const late = one.tokens.signIn(signIn("late"))
  await world.clock.advance(50)
  await world.outcome(two.tokens.signIn(signIn("early")), 10)
  await world.outcome(late)
  expect((await world.record()).token.accessToken).toBe("late")
  expect((await world.record()).version.generation).toBe(2)
})

test("a write that was refused, but seen and gone on from, is not repeated: its refresh token is spent", async () => {
  const { world, start, signIn } = scene()
  const [one, two] = [start(), start()]
  const commit = one.connection.commit.bind(one.connection)
  // as the file cache may: another process has adopted and renewed it before it was refused
  one.connection.commit = async (key, record, options) => {
    one.connection.commit = commit
    await commit(key, record, options)
    const seen = await two.tokens.getToken()
    await two.tokens.getToken({ newerThan: seen })
    return { committed: false, current: await world.stored() }
  }
  await world.outcome(one.tokens.signIn(signIn()))
  expect((await world.record()).version.generation).toBe(2)
  const served = await world.outcome(one.tokens.getToken())
  await world.outcome(one.tokens.getToken({ newerThan: served }))
  expect(world.issuer.replayed).toEqual([])
})

test("a configured refresh token does not begin anew over a sign-in, which is newer", async () => {
  const { world, signIn } = scene()
  const configured = () => world.start(new ScriptedSource(world.issuer, { refreshToken: "configured" }))
  const { tokens } = configured()
  const token = signIn()
  await world.outcome(tokens.signIn(token))
  for (const process of [tokens, configured().tokens]) {
    expect((await world.outcome(process.getToken())).refreshToken).toBe(token.refreshToken)
  }
  expect(world.issuer.requests).toEqual([])
})

test.each(["signed-out", "reauthentication-required"] as const)(
  "a watcher that is %s goes on by itself",
  async (status) => {
    const { world, start, signIn } = scene()
    const { tokens } = start()
    await world.outcome(tokens.signIn(signIn("old")))
    const watcher = await world.outcome(
      TokenWatcher.start(tokens, { clock: world.clock, jitter: noJitter, random: seededRandom(1) }),
    )
    const names: string[] = []
    const states: string[] = []
    watcher.token$.subscribe(({ accessToken }) => names.push(accessToken))
    watcher.state$.subscribe((state) => states.push(state.status))
    if (status === "signed-out") await world.outcome(watcher.signOut())
    else {
      world.issuer.next("invalid-grant")
      await world.failure(watcher.refresh())
    }
    await world.clock.advance(1_000)
    expect(states.at(-1)).toBe(status)
    // whoever has signed in need not wait to ask; a token that is still good is served until the look is over
    const asking = tokens.signIn(signIn("new")).then(() => watcher.getToken())
    expect((await world.outcome(asking)).accessToken).toBe(status === "signed-out" ? "new" : "old")
    await world.clock.advance(0)
    expect([names, states.at(-1)]).toEqual([["old", "new"], "fresh"])
    await world.clock.advance(600_000)
    expect(world.issuer.requests.at(-1)).toMatchObject({ behaviour: "well" })
    expect(names).toHaveLength(3)
    await world.outcome(watcher.close())
  },
)

test("the inner caches get it, too", async () => {
  const { world, start, signIn } = scene()
  const near = new MemoryTokenCache({ clock: world.clock })
  const { tokens } = start({ before: [near] })
  await world.outcome(tokens.signIn(signIn()))
  expect((await near.get(KEY))?.token?.accessToken).toBe("signed-in")
})

test("what is no token, or comes after close(), is refused", async () => {
  const { world, start, signIn } = scene()
  const { tokens } = start()
  // @ts-expect-error -- as from JavaScript
  await expect(tokens.signIn("an access token")).rejects.toThrow(TypeError)
  await world.outcome(tokens.close())
  await expect(tokens.signIn(signIn())).rejects.toMatchObject({ code: "ERR_TOKEN_SOURCE_CLOSED" })
})
