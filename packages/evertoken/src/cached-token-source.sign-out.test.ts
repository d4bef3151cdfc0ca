import { expect, test } from "vitest"
import { MemoryTokenCache } from "./memory-token-cache.js"
import { atStep, EventLog } from "./testing/internal/event-log.js"
import { ScriptedSource } from "./testing/internal/scripted-source.js"
import { KEY, Simulation } from "./testing/internal/simulation.js"

function signedIn(world = new Simulation()) {
  const refreshToken = world.issuer.signIn()
  const process = () => world.start(new ScriptedSource(world.issuer, { refreshToken }))
  return { world, refreshToken, process }
}

const REAUTHENTICATION = { code: "ERR_REAUTHENTICATION_REQUIRED", transient: false }

test("after a sign-out the same configured refresh token is not presented again, here or elsewhere", async () => {
  const { world, process } = signedIn()
  const [one, two] = [process(), process()]
  await world.outcome(one.tokens.getToken())
  await world.outcome(one.tokens.signOut())
  expect(await world.failure(one.tokens.getToken())).toMatchObject(REAUTHENTICATION)
  expect(await world.failure(two.tokens.getToken())).toMatchObject(REAUTHENTICATION)
  expect(world.issuer.requests).toHaveLength(1)
  expect((await world.stored())?.token).toBeUndefined()
})

test("a sign-out here beats a renewal in flight here: its token is neither stored nor served", async () => {
  const { world, process } = signedIn()
  const { tokens } = process()
  const log = new EventLog()
  const token = await world.outcome(tokens.getToken())
  const renewing = tokens.getToken({ newerThan: token })
  await world.clock.advance(50)
  await world.outcome(tokens.signOut(), 10)
  expect(await world.failure(renewing)).toMatchObject(REAUTHENTICATION)
  expect(await world.failure(tokens.getToken())).toMatchObject(REAUTHENTICATION)
  expect((await world.stored())?.token).toBeUndefined()
  expect(log.of("renewed")).toHaveLength(1)
  expect(world.clock.pendingTimers).toBe(0)
  log.end()
})

test("a sign-out in another process beats a renewal in flight here", async () => {
  const { world, process } = signedIn()
  const [one, two] = [process(), process()]
  const token = await world.outcome(one.tokens.getToken())
  const renewing = one.tokens.getToken({ newerThan: token })
  await world.clock.advance(50)
  await world.outcome(two.tokens.signOut(), 10)
  expect(await world.failure(renewing)).toMatchObject(REAUTHENTICATION)
  expect((await world.stored())?.token).toBeUndefined()
  expect(world.clock.pendingTimers).toBe(0)
})

test("a sign-out beats a renewal whose write fails", async () => {
  const { world, process } = signedIn()
  const { tokens, connection } = process()
  const token = await world.outcome(tokens.getToken())
  const renewing = tokens.getToken({ newerThan: token })
  await world.clock.advance(50)
  await world.outcome(tokens.signOut(), 10)
  connection.faults.plan("commit", "fails", 3)
  expect(await world.failure(renewing)).toMatchObject(REAUTHENTICATION)
  await world.clock.advance(30_000)
  expect((await world.stored())?.token).toBeUndefined()
  expect(await world.failure(tokens.getToken())).toMatchObject(REAUTHENTICATION)
  expect(world.clock.pendingTimers).toBe(0)
})

test("a sign-out ends a rotation that could not be written", async () => {
  const { world, process } = signedIn()
  const { tokens, connection } = process()
  const token = await world.outcome(tokens.getToken())
  connection.faults.plan("commit", "fails")
  await world.outcome(tokens.getToken({ newerThan: token }))
  connection.faults.heal()
  await world.outcome(tokens.signOut(), 100)
  expect(await world.failure(tokens.getToken(), 100)).toMatchObject(REAUTHENTICATION)
  await world.clock.advance(30_000)
  expect((await world.stored())?.token).toBeUndefined()
  expect(await world.failure(tokens.getToken())).toMatchObject(REAUTHENTICATION)
  expect(world.clock.pendingTimers).toBe(0)
})

test("a sign-out ends what was renewed twice into memory while the store was out of reach", async () => {
  const world = new Simulation()
  const one = world.start(new ScriptedSource(world.issuer))
  let token = await world.outcome(one.tokens.getToken())
  one.connection.faults.plan("*", "fails")
  for (let renewal = 0; renewal < 3; renewal++) token = await world.outcome(one.tokens.getToken({ newerThan: token }))
  one.connection.faults.heal()
  await world.outcome(one.tokens.signOut(), 100)
  const newer = await world.outcome(one.tokens.getToken())
  expect(newer.accessToken).not.toBe(token.accessToken)
  expect(world.issuer.requests).toHaveLength(5)
})

test("a sign-out that ends a renewal of unknown outcome leaves no claim", async () => {
  const { world, process } = signedIn()
  const { tokens } = process()
  const token = await world.outcome(tokens.getToken())
  world.issuer.next("reset")
  await world.failure(tokens.getToken({ newerThan: token }))
  await world.outcome(tokens.signOut(), 100)
  await world.clock.advance(30_000)
  expect(world.issuer.requests).toHaveLength(2)
  expect(world.clock.pendingTimers).toBe(0)
})

test("a sign-out that the store refuses says so, and the token is still there", async () => {
  const { world, process } = signedIn()
  const { tokens, connection } = process()
  const token = await world.outcome(tokens.getToken())
  connection.faults.plan("delete", "fails", 1)
  expect(await world.failure(tokens.signOut())).toMatchObject({ code: "ERR_TOKEN_CACHE" })
  expect(await tokens.getToken()).toBe(token)
  expect((await world.record()).token.accessToken).toBe(token.accessToken)
})

test("a sign-out reaches the source, which would else bring the token back", async () => {
  const world = new Simulation()
  const refreshToken = world.issuer.signIn()
  const inner = world.start(new ScriptedSource(world.issuer, { refreshToken }), { key: "inner" }).tokens
  const { tokens } = world.start(inner)
  await world.outcome(tokens.getToken())
  await world.outcome(tokens.signOut())
  expect(await world.failure(tokens.getToken())).toMatchObject(REAUTHENTICATION)
  expect(await world.failure(inner.getToken())).toMatchObject(REAUTHENTICATION)
  expect([(await world.stored())?.token, (await world.store.get("inner"))?.token]).toEqual([undefined, undefined])
  expect(world.issuer.requests).toHaveLength(1)
})

test("a renewal during a sign-out brings nothing back from the source", async () => {
  const world = new Simulation()
  const refreshToken = world.issuer.signIn()
  const inner = world.start(new ScriptedSource(world.issuer, { refreshToken }), { key: "inner" })
  const [one, two] = [world.start(inner.tokens), world.start(inner.tokens)]
  const token = await world.outcome(one.tokens.getToken())
  inner.connection.faults.plan("delete", 100, 1)
  const signingOut = one.tokens.signOut()
  await world.clock.advance(50)
  await world.failure(two.tokens.getToken({ newerThan: token }))
  await world.outcome(signingOut)
  expect(await world.failure(two.tokens.getToken({ newerThan: token }))).toMatchObject(REAUTHENTICATION)
  expect([(await world.stored())?.token, (await world.store.get("inner"))?.token]).toEqual([undefined, undefined])
})

test("a sign-out that the source refuses says so, and loses nothing: it can be tried again", async () => {
  const world = new Simulation()
  const refreshToken = world.issuer.signIn()
  const inner = world.start(new ScriptedSource(world.issuer, { refreshToken }), { key: "inner" })
  const { tokens } = world.start(inner.tokens)
  const token = await world.outcome(tokens.getToken())
  inner.connection.faults.plan("delete", "fails", 1)
  expect(await world.failure(tokens.signOut())).toMatchObject({ code: "ERR_TOKEN_CACHE" })
  expect(await tokens.getToken()).toBe(token)
  await world.outcome(tokens.signOut())
  expect(await world.failure(tokens.getToken())).toMatchObject(REAUTHENTICATION)
})

test("what a source throws at a sign-out is told by its name and code alone", async () => {
  const world = new Simulation()
  const source = new ScriptedSource(world.issuer)
  const signOut = () => Promise.reject(Object.assign(new Error("canary"), { code: "ECONNRESET" }))
  const { tokens } = world.start(Object.assign(source, { signOut }))
  const error = await world.failure(tokens.signOut())
  expect(error).toMatchObject({ code: "ERR_TOKEN_SOURCE", message: "the token source failed: Error ECONNRESET" })
  expect(error).not.toHaveProperty("cause")
})

test("a sign-out whose mark cannot be read back is one all the same", async () => {
  const { world, process } = signedIn()
  const { tokens, connection } = process()
  await world.outcome(tokens.getToken())
  connection.faults.plan("delete", 100, 1)
  const signingOut = tokens.signOut()
  await world.clock.advance(50)
  connection.faults.plan("get", "fails", 1)
  await world.outcome(signingOut)
  expect(await world.failure(tokens.getToken())).toMatchObject(REAUTHENTICATION)
  expect((await world.stored())?.token).toBeUndefined()
})

test("a sign-out reaches the inner caches, and one that fails there is an event", async () => {
  const world = new Simulation()
  const refreshToken = world.issuer.signIn()
  const inner = new MemoryTokenCache({ clock: world.clock })
  const failing = world.store.open()
  failing.faults.plan("*", "fails")
  const log = new EventLog()
  const { tokens } = world.start(new ScriptedSource(world.issuer, { refreshToken }), { before: [failing, inner] })
  await world.outcome(tokens.getToken())
  await world.outcome(tokens.signOut())
  expect((await inner.get(KEY))?.token).toBeUndefined()
  expect(log.of("cache-failed").map(({ operation }) => operation)).toContain("delete")
  log.end()
})

test("a sign-out in another process is seen by who watches for changes, and by the next renewal", async () => {
  const { world, process } = signedIn()
  const [one, two] = [process(), process()]
  const token = await world.outcome(one.tokens.getToken())
  await world.outcome(two.tokens.getToken())
  let changes = 0
  const watching = two.tokens.changes().subscribe(() => changes++)
  await world.outcome(one.tokens.signOut())
  await world.clock.advance(0)
  expect(changes).toBe(1)
  expect(await world.failure(two.tokens.getToken())).toMatchObject(REAUTHENTICATION)
  watching.unsubscribe()
  expect(world.issuer.requests).toHaveLength(1)
  expect(token.accessToken).toContain("access")
})

test("signing out of what never was signed in leaves the configured refresh token usable once", async () => {
  const { world, process } = signedIn()
  const { tokens } = process()
  await world.outcome(tokens.signOut())
  await world.outcome(tokens.getToken())
  expect(world.issuer.requests).toHaveLength(1)
  expect(world.issuer.replayed).toEqual([])
})

test("a different configured refresh token begins a new lineage after a sign-out, with a higher generation", async () => {
  const { world, process } = signedIn()
  const one = process()
  await world.outcome(one.tokens.getToken())
  await world.outcome(one.tokens.signOut())
  const again = world.start(new ScriptedSource(world.issuer, { refreshToken: world.issuer.signIn() }))
  await world.outcome(again.tokens.getToken())
  const record = await world.record()
  expect(record.version.generation).toBe(3)
  expect(record.lineages).toHaveLength(2)
  expect((await world.outcome(one.tokens.getToken())).accessToken).toBe(record.token.accessToken)
})

test("a configured refresh token that began an old lineage never begins it again", async () => {
  const { world, process } = signedIn()
  await world.outcome(process().tokens.getToken())
  const second = world.start(new ScriptedSource(world.issuer, { refreshToken: world.issuer.signIn() }))
  const token = await world.outcome(second.tokens.getToken({ newerThan: (await world.record()).token }))
  const old = process()
  const newer = await world.outcome(old.tokens.getToken({ newerThan: token }))
  expect(world.issuer.requests.at(-1)?.refreshToken).toBe(token.refreshToken)
  expect(world.issuer.replayed).toEqual([])
  expect(newer.version?.lineage).toBe(token.version?.lineage)
})

test("a lineage is begun by one process only, whoever is configured with its refresh token", async () => {
  const { world, process } = signedIn()
  const first = await world.outcome(process().tokens.getToken())
  const refreshToken = world.issuer.signIn()
  const many = [1, 2, 3].map(() => world.start(new ScriptedSource(world.issuer, { refreshToken })).tokens)
  await world.outcome(Promise.all(many.map((tokens) => tokens.getToken({ newerThan: first }))))
  expect(world.issuer.requests).toHaveLength(2)
  expect(world.issuer.liveFamilies).toBe(2)
})

test("a sign-out during the first look of a lineage does not stop the request that was already planned for long", async () => {
  const { world, process } = signedIn()
  const [one, two] = [process(), process()]
  await world.outcome(one.tokens.getToken())
  const token = (await world.record()).token
  atStep("looked-again", () => void world.store.delete(KEY))
  expect(await world.failure(two.tokens.getToken({ newerThan: token }))).toMatchObject(REAUTHENTICATION)
  expect((await world.stored())?.token).toBeUndefined()
})

test("signing out with nothing known, and a mark that cannot be read back, is a sign-out", async () => {
  const { world, process } = signedIn()
  await world.outcome(process().tokens.getToken())
  const { tokens, connection } = process()
  connection.faults.plan("delete", 100, 1)
  const signingOut = tokens.signOut()
  await world.clock.advance(50)
  connection.faults.plan("get", "fails", 1)
  await world.outcome(signingOut)
  expect(await world.failure(tokens.getToken())).toMatchObject(REAUTHENTICATION)
  expect(world.issuer.requests).toHaveLength(1)
})

test("signing out where nothing was ever stored, with a mark that cannot be read back, serves nothing", async () => {
  const world = new Simulation()
  const { tokens, connection } = world.start(new ScriptedSource(world.issuer))
  connection.faults.plan("delete", 100, 1)
  const signingOut = tokens.signOut()
  await world.clock.advance(50)
  connection.faults.plan("get", "fails", 1)
  await world.outcome(signingOut)
  await world.outcome(tokens.getToken())
  expect(world.store.written.map(({ version }) => version.generation)).toEqual([1, 2])
  expect(world.issuer.requests).toHaveLength(1)
})

test("what it is told of its own sign-out is no news once that is done: a watcher would sign in again", async () => {
  const { world } = signedIn()
  const held: (() => void)[] = []
  let holds = false
  const beforeOperation = (operation: string) => {
    holds ||= operation === "delete"
    return holds && operation === "get" ? new Promise<void>((resolve) => held.push(resolve)) : Promise.resolve()
  }
  const { tokens } = world.start(new ScriptedSource(world.issuer), { beforeOperation })
  await world.outcome(tokens.getToken())
  let isDone = false
  const told: string[] = []
  tokens.changes().subscribe(() => told.push(isDone ? "afterwards" : "meanwhile"))
  const signingOut = tokens.signOut().then(() => (isDone = true))
  await world.clock.advance(0)
  // both who look for the mark are answered at once: this process was told of it as soon as it was written
  expect(held).toHaveLength(2)
  holds = false
  for (const answer of held) answer()
  await signingOut
  await world.clock.advance(1_000)
  expect(told).toEqual(["meanwhile"])
})
