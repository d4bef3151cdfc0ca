import { expect, test, vi } from "vitest"
import { noJitter } from "./jitter.js"
import { seededRandom } from "./random.js"
import { Deferred } from "./testing/internal/deferred.js"
import { errorOf, ScriptedSource, ScriptedStore, tokenOf } from "./testing/internal/answering-source.js"
import { VirtualClock } from "./testing/virtual-clock.js"
import type { TokenRequest } from "./token-source.js"
import { TokenWatcher } from "./token-watcher.js"
import type { Token } from "./token.js"
import type { TokenWatcherOptions } from "./watcher-options.js"
import type { WatcherState } from "./watcher-state.js"

const HOUR = 3_600_000
const signedOut = () => errorOf("ERR_REAUTHENTICATION_REQUIRED", { transient: false })

function optionsFor(clock: VirtualClock, options: TokenWatcherOptions = {}): TokenWatcherOptions {
  return { clock, random: seededRandom(1), jitter: noJitter, ...options }
}

async function watching(clock: VirtualClock, store: ScriptedSource, options: TokenWatcherOptions = {}) {
  const watcher = await TokenWatcher.start(store, optionsFor(clock, options))
  const names: string[] = []
  let latest: WatcherState | undefined
  watcher.token$.subscribe(({ accessToken }) => names.push(accessToken))
  watcher.state$.subscribe((state) => (latest = state))
  return { watcher, names, state: () => latest }
}

const versioned = (generation: number) => ({ version: { lineage: "l", generation, id: `id-${generation}` } })

test("a newer token that another process wrote is taken over, and the next renewal goes by its times", async () => {
  const clock = new VirtualClock()
  const store = new ScriptedStore(clock, tokenOf("a", clock))
  const { watcher, names } = await watching(clock, store)
  await clock.advance(0.5 * HOUR)
  store.write(tokenOf("b", clock))
  await clock.advance(0.74 * HOUR)
  expect([names, store.asked]).toEqual([["a", "b"], 0])
  await clock.advance(0.01 * HOUR)
  expect([names, store.asked]).toEqual([["a", "b", "token-1"], 1])
  await watcher.close()
})

test.each(["b", "a"])(
  "another process's token ends a series of failures, also if it is only a later end: %s",
  async (name) => {
    const clock = new VirtualClock()
    const failures = Array.from({ length: 100 }, () => errorOf("ERR_TOKEN_REQUEST"))
    const store = new ScriptedStore(clock, tokenOf("a", clock), failures)
    const { watcher, state } = await watching(clock, store)
    await clock.advance(0.8 * HOUR)
    expect(state()?.attempts).toBeGreaterThan(3)
    const { asked } = store
    store.write(tokenOf(name, clock))
    await clock.advance(0.7 * HOUR)
    expect(state()).toMatchObject({ status: "fresh", attempts: 0 })
    expect(store.asked).toBe(asked)
    await watcher.close()
  },
)

test("a newer token that is written while the one before is looked up is not missed", async () => {
  const clock = new VirtualClock()
  const first = tokenOf("a", clock)
  const store = new ScriptedStore(clock, first)
  const { watcher, names } = await watching(clock, store)
  const look = vi.spyOn(store, "getToken")
  const slow = new Deferred<Token>()
  look.mockReturnValueOnce(slow.promise)
  await clock.advance(1_000)
  const second = tokenOf("b", clock)
  store.write(second)
  await clock.advance(1_000)
  store.write(tokenOf("c", clock))
  slow.resolve(second)
  await clock.advance(0)
  expect(names).toEqual(["a", "b", "c"])
  await watcher.close()
})

test("a source that tells of its own answers is not asked for ever", async () => {
  const clock = new VirtualClock()
  const store = new ScriptedStore(clock, tokenOf("a", clock))
  const { watcher } = await watching(clock, store)
  const look = vi.spyOn(store, "getToken").mockImplementation(async () => {
    await Promise.resolve()
    store.changed.next()
    return tokenOf("a", clock)
  })
  store.changed.next()
  await clock.advance(60_000)
  expect(look.mock.calls.length).toBe(2)
  await watcher.close()
})

test("a stale token that another process wrote is renewed at once", async () => {
  const clock = new VirtualClock()
  const stale = tokenOf("stale", clock, versioned(2))
  await clock.advance(0.8 * HOUR)
  const store = new ScriptedStore(clock, tokenOf("a", clock, versioned(1)))
  const { watcher, names } = await watching(clock, store)
  store.write(stale)
  await clock.advance(0)
  expect([names, store.asked]).toEqual([["a", "stale", "token-1"], 1])
  await watcher.close()
})

test("other times of the same token are taken over", async () => {
  const clock = new VirtualClock()
  const token = tokenOf("a", clock)
  const store = new ScriptedStore(clock, token)
  const { watcher, names } = await watching(clock, store)
  const longer = token.with({ expiresAt: token.expiresAt + HOUR })
  const sooner = longer.with({ staleAt: token.staleAt - 0.25 * HOUR })
  for (const changed of [longer, sooner]) {
    store.write(changed)
    await clock.advance(0)
    expect(watcher.current()).toBe(changed)
  }
  await clock.advance(0.5 * HOUR)
  expect([names, store.asked]).toEqual([["a", "token-1"], 1])
  await watcher.close()
})

test("of a token with a version and one without the later one is newer; another record of the same generation counts", async () => {
  const clock = new VirtualClock()
  const store = new ScriptedStore(clock, tokenOf("a", clock))
  const { watcher, names } = await watching(clock, store)
  const other = { version: { ...versioned(1).version, id: "other" } }
  for (const [name, fields] of [
    ["b", versioned(2)],
    ["c", {}],
    ["d", versioned(1)],
    ["e", other],
  ] as const) {
    await clock.advance(1_000)
    store.write(tokenOf(name, clock, fields))
    await clock.advance(0)
  }
  expect(names).toEqual(["a", "b", "c", "d", "e"])
  await watcher.close()
})

test("changes that bring nothing newer change nothing", async () => {
  const clock = new VirtualClock()
  const [older, token] = [tokenOf("older", clock, versioned(1)), tokenOf("a", clock, versioned(2))]
  const store = new ScriptedStore(clock, token)
  const { watcher, names, state } = await watching(clock, store)
  const before = state()
  for (const stored of [token, older, errorOf("ERR_TOKEN_CACHE")]) {
    store.write(stored)
    await clock.advance(0)
  }
  expect([names, state(), watcher.current()]).toEqual([["a"], before, token])
  await watcher.close()
})

test("a token without a version that was issued earlier is not taken for newer, but after a wall clock was set back it is", async () => {
  const clock = new VirtualClock()
  const older = tokenOf("older", clock)
  await clock.advance(1_000)
  const store = new ScriptedStore(clock, tokenOf("a", clock))
  const { watcher, names } = await watching(clock, store)
  store.write(older)
  await clock.advance(0)
  expect(names).toEqual(["a"])
  clock.stepWall(-HOUR / 2)
  store.write(tokenOf("b", clock))
  await clock.advance(0)
  expect(names).toEqual(["a", "b"])
  await watcher.close()
})

test("a renewal overtaken by another process's newer token does not put the older one back", async () => {
  const clock = new VirtualClock()
  const issuer = new Deferred<Token>()
  const store = new ScriptedStore(clock, tokenOf("a", clock, versioned(1)), [() => issuer.promise])
  const { watcher, names } = await watching(clock, store)
  const refreshed = watcher.refresh()
  await clock.advance(0)
  // what the source told of while it was asked is looked at afterwards
  store.write(tokenOf("c", clock, versioned(3)))
  issuer.reject(errorOf("ERR_TOKEN_REQUEST"))
  await expect(refreshed).rejects.toMatchObject({ code: "ERR_TOKEN_REQUEST" })
  await clock.advance(0)
  expect(names).toEqual(["a", "c"])
  await watcher.close()
})

test("a look that began before a renewal, and ends in it, is not undone by the renewal's older token", async () => {
  const clock = new VirtualClock()
  const [look, issuer] = [new Deferred<Token>(), new Deferred<Token>()]
  const store = new ScriptedStore(clock, tokenOf("a", clock, versioned(1)), [() => issuer.promise])
  const { watcher, names } = await watching(clock, store)
  const getToken = store.getToken.bind(store)
  store.getToken = (request?: TokenRequest) => (request?.newerThan === undefined ? look.promise : getToken(request))
  store.changed.next()
  const refreshed = watcher.refresh()
  look.resolve(tokenOf("c", clock, versioned(3)))
  await clock.advance(0)
  issuer.resolve(tokenOf("b", clock, versioned(2)))
  expect((await refreshed).accessToken).toBe("c")
  expect(names).toEqual(["a", "c"])
  await watcher.close()
})

test("a look that fails while failures are backed off: who waits learns of those, and when the next attempt is", async () => {
  const clock = new VirtualClock()
  const look = new Deferred<Token>()
  const script = [errorOf("ERR_TOKEN_REQUEST", { retryAfterMs: 60_000 })]
  const store = new ScriptedStore(clock, tokenOf("a", clock), script)
  const { watcher } = await watching(clock, store)
  await clock.advance(0.75 * HOUR)
  store.getToken = () => look.promise
  store.changed.next()
  const newer = watcher.getToken({ newerThan: watcher.current() })
  look.reject(errorOf("ERR_TOKEN_CACHE"))
  await expect(newer).rejects.toMatchObject({ code: "ERR_TOKEN_REQUEST", retryAfterMs: 60_000 })
  await watcher.close()
})

test("news while nothing valid is at hand brings the next attempt forward, to a second after the last one", async () => {
  const clock = new VirtualClock()
  const failures = Array.from({ length: 1_000 }, () => errorOf("ERR_TOKEN_REQUEST"))
  const store = new ScriptedStore(clock, tokenOf("a", clock), failures)
  const { watcher, state } = await watching(clock, store, { backoff: { minimumMs: 50_000 } })
  await clock.advance(2 * HOUR)
  const { asked } = store
  const { nextRenewalAt = 0 } = state() ?? {}
  await clock.advance(nextRenewalAt - clock.now())
  expect(store.asked).toBe(asked + 1)
  for (let changes = 0; changes < 100; changes++) store.changed.next()
  await clock.advance(999)
  expect(store.asked).toBe(asked + 1)
  await clock.advance(1)
  expect(store.asked).toBe(asked + 2)
  await watcher.close()
})

test("a refused refresh token: the valid access token is served to its end, and the issuer is not asked again", async () => {
  const clock = new VirtualClock()
  const refused = signedOut()
  const store = new ScriptedStore(clock, tokenOf("a", clock), [refused])
  const { watcher, state } = await watching(clock, store)
  await clock.advance(0.75 * HOUR)
  expect(state()).toMatchObject({ status: "reauthentication-required", attempts: 1, lastError: refused })
  expect([watcher.current().accessToken, store.looked]).toEqual(["a", 2])
  await clock.advance(0.25 * HOUR - 1)
  expect(watcher.current().accessToken).toBe("a")
  // once a minute, and that asks nobody
  expect([store.asked, store.looked]).toEqual([1, 16])
  store.stored = refused
  await clock.advance(HOUR)
  const expired = { code: "ERR_TOKEN_EXPIRED", transient: false, cause: refused }
  expect(() => watcher.current()).toThrow(expect.objectContaining(expired))
  await expect(watcher.getToken()).rejects.toMatchObject({ code: "ERR_REAUTHENTICATION_REQUIRED" })
  expect([store.asked, state()?.attempts]).toEqual([1, 1])
  await watcher.close()
})

test("closed by a subscriber when the grant is refused, it asks its source no more, though that has changed", async () => {
  const clock = new VirtualClock()
  const refuse = async () => {
    await Promise.resolve()
    store.changed.next()
    throw signedOut()
  }
  const store: ScriptedStore = new ScriptedStore(clock, tokenOf("a", clock), [refuse])
  const { watcher } = await watching(clock, store)
  watcher.state$.subscribe(({ status }) => {
    if (status === "reauthentication-required") void watcher.close()
  })
  await clock.advance(0.75 * HOUR)
  expect([store.asked, store.looked, clock.pendingTimers]).toEqual([1, 2, 0])
})

test("when the grant is refused the store is looked at once, however short ago that was done", async () => {
  const clock = new VirtualClock()
  const store = new ScriptedStore(clock, tokenOf("a", clock), [signedOut()])
  const { watcher } = await watching(clock, store)
  await clock.advance(0.75 * HOUR - 1_000)
  store.changed.next()
  await clock.advance(999)
  store.stored = signedOut()
  await clock.advance(1)
  expect([store.asked, store.looked]).toEqual([1, 3])
  expect(() => watcher.current()).toThrow(expect.objectContaining({ code: "ERR_REAUTHENTICATION_REQUIRED" }))
  await watcher.close()
})

test.each(["told", "not told"])("a new sign-in in another process, %s, is found, and renewal goes on", async (how) => {
  const clock = new VirtualClock()
  const store = new ScriptedStore(clock, tokenOf("a", clock), [signedOut()])
  const { watcher, names, state } = await watching(clock, store)
  await clock.advance(HOUR)
  store.stored = signedOut()
  await clock.advance(HOUR)
  store.stored = tokenOf("b", clock)
  if (how === "told") store.changed.next()
  await clock.advance(how === "told" ? 0 : 60_000)
  expect([names, state()?.status]).toEqual([["a", "b"], "fresh"])
  await clock.advance(0.75 * HOUR)
  expect([names.at(-1), store.asked]).toEqual(["token-1", 2])
  await watcher.close()
})

test("who needs a token while only the store is watched causes a look there, shared by all, and no request", async () => {
  const clock = new VirtualClock()
  const store = new ScriptedStore(clock, tokenOf("a", clock), [signedOut()])
  const { watcher } = await watching(clock, store)
  await clock.advance(0.75 * HOUR)
  store.stored = tokenOf("b", clock)
  const { looked } = store
  const rejected = watcher.current()
  const tokens = await Promise.all(Array.from({ length: 50 }, () => watcher.getToken({ newerThan: rejected })))
  expect(new Set(tokens.map(({ accessToken }) => accessToken))).toEqual(new Set(["b"]))
  expect([store.asked, store.looked]).toEqual([1, looked + 1])
  await watcher.close()
})

test("a look that finds nothing newer tells why a sign-in is needed", async () => {
  const clock = new VirtualClock()
  const refused = signedOut()
  const store = new ScriptedStore(clock, tokenOf("a", clock), [refused])
  const { watcher } = await watching(clock, store)
  await clock.advance(0.75 * HOUR)
  await expect(watcher.getToken({ newerThan: watcher.current() })).rejects.toBe(refused)
  expect(watcher.current().accessToken).toBe("a")
  await watcher.close()
})

test("another process signs out: the token is not served any more, though it is valid", async () => {
  const clock = new VirtualClock()
  const store = new ScriptedStore(clock, tokenOf("a", clock))
  const { watcher, names, state } = await watching(clock, store)
  let changes = 0
  watcher.changes().subscribe(() => changes++)
  store.write(signedOut())
  await clock.advance(0)
  expect(() => watcher.current()).toThrow(expect.objectContaining({ code: "ERR_REAUTHENTICATION_REQUIRED" }))
  await expect(watcher.getToken()).rejects.toMatchObject({ code: "ERR_REAUTHENTICATION_REQUIRED" })
  expect(state()).toMatchObject({ status: "reauthentication-required" })
  await clock.advance(2 * HOUR)
  expect([names, changes, store.asked]).toEqual([["a"], 1, 0])
  await watcher.close()
})

test("another process signs out after the grant was refused: nothing is served, and it is no further failure", async () => {
  const clock = new VirtualClock()
  const refused = signedOut()
  const store = new ScriptedStore(clock, tokenOf("a", clock), [refused])
  const { watcher, state } = await watching(clock, store)
  await clock.advance(0.75 * HOUR)
  store.write(signedOut())
  await clock.advance(0)
  expect(() => watcher.current()).toThrow(expect.objectContaining({ code: "ERR_REAUTHENTICATION_REQUIRED" }))
  expect(state()).toMatchObject({ status: "reauthentication-required", attempts: 1, lastError: refused })
  await watcher.close()
})

test("who has signed out stays so when the source tells of it, and what changed is told once", async () => {
  const clock = new VirtualClock()
  const store = Object.assign(new ScriptedStore(clock, tokenOf("a", clock)), { signedOut: false })
  const { watcher, state } = await watching(clock, store)
  let changes = 0
  watcher.changes().subscribe(() => changes++)
  await watcher.signOut()
  store.signedOut = true
  store.changed.next()
  await clock.advance(0)
  expect(store.looked).toBe(2)
  expect(state()).toMatchObject({ status: "signed-out", attempts: 0 })
  await watcher.signOut()
  await watcher.close()
  expect(changes).toBe(1)
})

test("signOut() signs out at the source; nothing is served, watched or asked any more", async () => {
  const clock = new VirtualClock()
  const store = new ScriptedStore(clock, tokenOf("a", clock))
  const { watcher, names, state } = await watching(clock, store)
  await watcher.signOut()
  const late: string[] = []
  watcher.token$.subscribe(({ accessToken }) => late.push(accessToken))
  const refused = { code: "ERR_REAUTHENTICATION_REQUIRED", transient: false }
  expect(() => watcher.current()).toThrow(expect.objectContaining(refused))
  await expect(watcher.getToken()).rejects.toMatchObject(refused)
  await clock.advance(2 * HOUR)
  expect([names, late, store.signOuts, store.asked, store.looked]).toEqual([["a"], [], 1, 0, 1])
  expect(state()).toMatchObject({ status: "signed-out", attempts: 0, isRenewing: false })
  await watcher.close()
})

test("a renewal in flight while the user signs out publishes nothing afterwards", async () => {
  const clock = new VirtualClock()
  const issuer = new Deferred<Token>()
  const store = new ScriptedStore(clock, tokenOf("a", clock), [() => issuer.promise])
  const { watcher, names, state } = await watching(clock, store)
  const refreshed = watcher.refresh()
  const clearing = watcher.signOut()
  await expect(refreshed).rejects.toMatchObject({ code: "ERR_REAUTHENTICATION_REQUIRED" })
  issuer.resolve(tokenOf("late", clock))
  await clearing
  await clock.advance(HOUR)
  expect([names, state()?.status]).toEqual([["a"], "signed-out"])
  expect(() => watcher.current()).toThrow(expect.objectContaining({ code: "ERR_REAUTHENTICATION_REQUIRED" }))
  await watcher.close()
})

test("nothing is served from the call of signOut() on, and nobody asks the source until it has signed out", async () => {
  const clock = new VirtualClock()
  const signingOut = new Deferred<void>()
  const store = Object.assign(new ScriptedStore(clock, tokenOf("a", clock)), { signOut: () => signingOut.promise })
  const { watcher } = await watching(clock, store)
  const clearing = [watcher.signOut(), watcher.signOut()]
  expect(() => watcher.current()).toThrow(expect.objectContaining({ code: "ERR_REAUTHENTICATION_REQUIRED" }))
  await expect(watcher.refresh()).rejects.toMatchObject({ code: "ERR_REAUTHENTICATION_REQUIRED" })
  store.changed.next()
  await clock.advance(0)
  expect([store.asked, store.looked]).toEqual([0, 1])
  signingOut.resolve()
  await Promise.all(clearing)
  await watcher.close()
})

test("signOut() that cannot sign out at the source rejects, and serves nothing all the same", async () => {
  const clock = new VirtualClock()
  const unreachable = errorOf("ERR_TOKEN_CACHE")
  const store = Object.assign(new ScriptedStore(clock, tokenOf("a", clock)), {
    signOut: () => Promise.reject(unreachable),
  })
  const { watcher } = await watching(clock, store)
  await expect(watcher.signOut()).rejects.toBe(unreachable)
  expect(() => watcher.current()).toThrow(expect.objectContaining({ code: "ERR_REAUTHENTICATION_REQUIRED" }))
  await watcher.close()
})

test("after signOut() a new sign-in that the source tells of begins again", async () => {
  const clock = new VirtualClock()
  const store = new ScriptedStore(clock, tokenOf("a", clock))
  const { watcher, names, state } = await watching(clock, store)
  await watcher.signOut()
  store.changed.next()
  await clock.advance(0)
  expect(state()?.status).toBe("signed-out")
  store.write(tokenOf("b", clock))
  await clock.advance(0)
  expect([names, state()?.status]).toEqual([["a", "b"], "fresh"])
  await watcher.close()
})

test("after signOut() refresh() begins again, also with a source that knows no sign-out", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const { watcher, names, state } = await watching(clock, source)
  await watcher.signOut()
  await clock.advance(2 * HOUR)
  expect(source.asked).toBe(1)
  expect((await watcher.refresh()).accessToken).toBe("token-2")
  expect([names, state()?.status]).toEqual([["token-1", "token-2"], "fresh"])
  await watcher.close()
})

test("a refresh() after signOut() that fails leaves nothing to serve, and is tried again", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const { watcher, names, state } = await watching(clock, source)
  await watcher.signOut()
  source.willGive(errorOf("ERR_TOKEN_REQUEST"))
  await expect(watcher.refresh()).rejects.toMatchObject({ code: "ERR_TOKEN_REQUEST" })
  expect(state()).toMatchObject({ status: "expired", attempts: 1 })
  await clock.advance(5_000)
  expect(names).toEqual(["token-1", "token-2"])
  await watcher.close()
})

test("signOut() rejects who waits for a first token", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock, [() => new Promise<Token>(() => {})])
  const watcher = await TokenWatcher.start(source, optionsFor(clock, { lazy: true }))
  const waiting = watcher.getToken()
  await Promise.all([
    expect(waiting).rejects.toMatchObject({ code: "ERR_REAUTHENTICATION_REQUIRED" }),
    watcher.signOut(),
  ])
  await watcher.close()
})

test("signOut() of a lazy watcher that nobody has read asks nobody, then or later", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const watcher = await TokenWatcher.start(source, optionsFor(clock, { lazy: true }))
  await watcher.signOut()
  await expect(watcher.getToken()).rejects.toMatchObject({ code: "ERR_REAUTHENTICATION_REQUIRED" })
  expect(source.asked).toBe(0)
  await watcher.close()
})
