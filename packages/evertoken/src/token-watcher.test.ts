import { inspect } from "node:util"
import { config } from "rxjs"
import { afterEach, expect, test, vi } from "vitest"
import type { TokenError } from "./errors.js"
import { noJitter } from "./jitter.js"
import { seededRandom } from "./random.js"
import { Deferred } from "./testing/internal/deferred.js"
import { errorOf, ScriptedSource, ScriptedStore, tokenOf } from "./testing/internal/answering-source.js"
import { VirtualClock } from "./testing/virtual-clock.js"
import { TokenWatcher } from "./token-watcher.js"
import type { Token } from "./token.js"
import type { TokenWatcherOptions } from "./watcher-options.js"
import type { WatcherState } from "./watcher-state.js"

const HOUR = 3_600_000
const noRandom = seededRandom(1)

function optionsFor(clock: VirtualClock, options: TokenWatcherOptions = {}): TokenWatcherOptions {
  return { clock, random: noRandom, jitter: noJitter, ...options }
}

function namesOf(watcher: TokenWatcher): string[] {
  const names: string[] = []
  watcher.token$.subscribe((token) => names.push(token.accessToken))
  return names
}

function statesOf(watcher: TokenWatcher): WatcherState[] {
  const states: WatcherState[] = []
  watcher.state$.subscribe((state) => states.push(state))
  return states
}

afterEach(() => {
  config.onUnhandledError = null
})

test("a started watcher has a token at hand, and reading it asks nobody", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  for (let reads = 0; reads < 1_000; reads++) expect(watcher.current().accessToken).toBe("token-1")
  expect((await watcher.getToken()).accessToken).toBe("token-1")
  expect(source.asked).toBe(1)
  await watcher.close()
})

test("a fresh token is at hand without asking anybody; before the first, stale, or after the last there is none", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock, [tokenOf("t", clock), errorOf("ERR_TOKEN_REQUEST")])
  const watcher = await TokenWatcher.start(source, optionsFor(clock, { lazy: true }))
  expect([watcher.atHand(), source.asked]).toEqual([undefined, 0])
  const token = await watcher.getToken()
  expect([watcher.atHand(), source.asked]).toEqual([token, 1])
  await clock.advance(0.75 * HOUR)
  expect([watcher.atHand(), watcher.current()]).toEqual([undefined, token])
  await watcher.close()
  expect(watcher.atHand()).toBeUndefined()
})

test("getToken() of a fresh token is always the same promise", async () => {
  const clock = new VirtualClock()
  const watcher = await TokenWatcher.start(new ScriptedSource(clock), optionsFor(clock))
  expect(watcher.getToken()).toBe(watcher.getToken())
  await watcher.close()
})

test("getToken() of a stale token sets no timer, while its renewal runs and while it is put off", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  source.willGive(errorOf("ERR_TOKEN_REQUEST", { retryAfterMs: 60_000 }), () => new Deferred<Token>().promise)
  for (const passingMs of [0.75 * HOUR, 60_000]) {
    await clock.advance(passingMs)
    const setTimer = vi.spyOn(clock, "setTimer")
    for (let reads = 0; reads < 50; reads++) expect((await watcher.getToken()).accessToken).toBe("token-1")
    expect(setTimer).not.toHaveBeenCalled()
    setTimer.mockRestore()
  }
  expect(source.asked).toBe(3)
  await watcher.close()
})

test("a token is renewed when it becomes stale, by itself, and then the next", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  const names = namesOf(watcher)
  await clock.advance(0.75 * HOUR - 1)
  expect(names).toEqual(["token-1"])
  await clock.advance(1)
  expect(names).toEqual(["token-1", "token-2"])
  await clock.advance(0.75 * HOUR)
  expect(names).toEqual(["token-1", "token-2", "token-3"])
  expect(source.requests.map(({ newerThan }) => newerThan?.accessToken)).toEqual([undefined, "token-1", "token-2"])
  await watcher.close()
})

test("a token of 30 days is renewed once, in its last quarter", async () => {
  const clock = new VirtualClock()
  const month = 30 * 24 * HOUR
  const source = new ScriptedSource(clock, [tokenOf("long", clock, { lifetimeMs: month })])
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  await clock.advance(0.75 * month - 60_000)
  expect(source.asked).toBe(1)
  await clock.advance(60_000)
  expect([source.asked, watcher.current().accessToken]).toEqual([2, "token-1"])
  await watcher.close()
})

test("a token of 2 seconds is renewed before it ends, each time", async () => {
  const clock = new VirtualClock()
  const shortly = (_: unknown, index: number) => () => tokenOf(`short-${index}`, clock, { lifetimeMs: 2_000 })
  const source = new ScriptedSource(clock, Array.from({ length: 20 }, shortly))
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  for (let elapsed = 0; elapsed < 15_000; elapsed += 100) {
    await clock.advance(100)
    expect(watcher.current().expiresAt).toBeGreaterThan(clock.now())
  }
  expect(source.asked).toBe(11)
  await watcher.close()
})

test("a stale token that the source has at hand starts a watcher at once, and is renewed behind", async () => {
  const clock = new VirtualClock()
  const stale = tokenOf("stored", clock)
  await clock.advance(0.8 * HOUR)
  const issuer = new Deferred<Token>()
  const store = new ScriptedStore(clock, stale, [() => issuer.promise])
  const watcher = await TokenWatcher.start(store, optionsFor(clock))
  expect([watcher.current().accessToken, store.asked]).toEqual(["stored", 1])
  expect((await watcher.getToken()).accessToken).toBe("stored")
  issuer.resolve(tokenOf("fresh", clock))
  await clock.advance(0)
  expect(watcher.current().accessToken).toBe("fresh")
  await watcher.close()
})

test("a laptop that slept through the renewal and the end of a token renews it after waking up", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  clock.suspend(8 * HOUR)
  expect(() => watcher.current()).toThrow(expect.objectContaining({ code: "ERR_TOKEN_EXPIRED" }))
  await clock.advance(30_000)
  expect([watcher.current().accessToken, source.asked]).toEqual(["token-2", 2])
  await watcher.close()
})

test("after waking up who needs a token gets a new one at once: the timer is not waited for", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  clock.suspend(8 * HOUR)
  expect((await watcher.getToken()).accessToken).toBe("token-2")
  clock.suspend(0.8 * HOUR)
  expect((await watcher.getToken()).accessToken).toBe("token-2")
  await clock.advance(0)
  expect([watcher.current().accessToken, source.asked]).toEqual(["token-3", 3])
  await watcher.close()
})

test("a wake-up before the network is up: the renewal succeeds as soon as there is one", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  source.willGive(...Array.from({ length: 3 }, () => errorOf("ERR_TOKEN_REQUEST")))
  clock.suspend(8 * HOUR)
  await clock.advance(60_000)
  expect([watcher.current().accessToken, source.asked]).toEqual(["token-2", 5])
  await watcher.close()
})

test("a wall clock set forward a day: one renewal, and all goes on", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  clock.stepWall(24 * HOUR)
  await clock.advance(30_000)
  expect([watcher.current().accessToken, source.asked]).toEqual(["token-2", 2])
  await clock.advance(0.74 * HOUR)
  expect(source.asked).toBe(2)
  await watcher.close()
})

test("a wall clock set back an hour: a token from the future is renewed, once", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  await clock.advance(60_000)
  clock.stepWall(-HOUR)
  await clock.advance(30_000)
  expect([watcher.current().accessToken, source.asked]).toEqual(["token-2", 2])
  await clock.advance(0.7 * HOUR)
  expect(source.asked).toBe(2)
  await watcher.close()
})

test("a wall clock set back within the token's life does not prolong it", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  await clock.advance(0.5 * HOUR)
  clock.stepWall(-0.25 * HOUR)
  await clock.advance(0.25 * HOUR)
  expect(source.asked).toBe(2)
  await watcher.close()
})

test("past its end a token is not served, and the error tells the last failure", async () => {
  const clock = new VirtualClock()
  const down = errorOf("ERR_TOKEN_REQUEST")
  const source = new ScriptedSource(clock, [tokenOf("a", clock), ...Array.from({ length: 1_000 }, () => down)])
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  await clock.advance(HOUR - 1)
  expect(watcher.current().accessToken).toBe("a")
  await clock.advance(1)
  expect(() => watcher.current()).toThrow(expect.objectContaining({ code: "ERR_TOKEN_EXPIRED", cause: down }))
  await watcher.close()
})

test("serveExpiredMs serves the last token for so long after its end, by all ways", async () => {
  const clock = new VirtualClock()
  const down = errorOf("ERR_TOKEN_REQUEST")
  const source = new ScriptedSource(clock, [tokenOf("a", clock), ...Array.from({ length: 1_000 }, () => down)])
  const watcher = await TokenWatcher.start(source, optionsFor(clock, { serveExpiredMs: 60_000 }))
  await clock.advance(HOUR + 59_999)
  expect(watcher.current().accessToken).toBe("a")
  expect((await watcher.getToken()).accessToken).toBe("a")
  await clock.advance(1)
  expect(() => watcher.current()).toThrow(expect.objectContaining({ code: "ERR_TOKEN_EXPIRED" }))
  await expect(watcher.getToken()).rejects.toMatchObject({ code: "ERR_TOKEN_REQUEST" })
  await watcher.close()
})

test("minimumValidityMs of the watcher brings renewal forward, and reaches the source", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const watcher = await TokenWatcher.start(source, optionsFor(clock, { minimumValidityMs: 0.4 * HOUR }))
  await clock.advance(0.6 * HOUR)
  expect(source.requests.at(-1)).toMatchObject({ minimumValidityMs: 0.4 * HOUR })
  expect(source.asked).toBe(2)
  await watcher.close()
})

test("who needs a longer validity than the token at hand has causes one renewal", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  await clock.advance(0.6 * HOUR)
  const request = { minimumValidityMs: 0.45 * HOUR }
  const tokens = await Promise.all(Array.from({ length: 50 }, () => watcher.getToken(request)))
  expect(new Set(tokens.map(({ accessToken }) => accessToken))).toEqual(new Set(["token-2"]))
  expect(source.asked).toBe(2)
  await watcher.close()
})

test("if no token of longer validity is to be had, the one at hand will do", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  await clock.advance(0.6 * HOUR)
  source.willGive(errorOf("ERR_TOKEN_REQUEST"))
  expect((await watcher.getToken({ minimumValidityMs: 0.45 * HOUR })).accessToken).toBe("token-1")
  await watcher.close()
})

test("past the end of a token 1,000 callers share one attempt, and its outcome", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  clock.suspend(2 * HOUR)
  source.willGive(errorOf("ERR_TOKEN_REQUEST"))
  const outcomes = await Promise.allSettled(Array.from({ length: 1_000 }, () => watcher.getToken()))
  expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(["rejected"]))
  expect(source.asked).toBe(2)
  // between attempts: the failure, and when the next one is
  await expect(watcher.getToken()).rejects.toMatchObject({
    code: "ERR_TOKEN_REQUEST",
    retryAfterMs: expect.any(Number) as number,
  })
  expect(source.asked).toBe(2)
  await watcher.close()
})

test("a caller's signal ends its wait, and nobody else's", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  const issuer = new Deferred<Token>()
  source.willGive(() => issuer.promise)
  clock.suspend(2 * HOUR)
  const impatient = new AbortController()
  const [cancelled, patient] = [watcher.getToken({ signal: impatient.signal }), watcher.getToken()]
  impatient.abort(new Error("enough"))
  await expect(cancelled).rejects.toThrow("enough")
  issuer.resolve(tokenOf("new", clock))
  expect((await patient).accessToken).toBe("new")
  await expect(watcher.getToken({ signal: impatient.signal })).rejects.toThrow("enough")
  expect(source.asked).toBe(2)
  await watcher.close()
})

test("newerThan a token that was replaced already: the one at hand", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  const first = watcher.current()
  await clock.advance(0.75 * HOUR)
  for (const insist of [false, true]) {
    expect((await watcher.getToken({ newerThan: first, insist })).accessToken).toBe("token-2")
  }
  expect(source.asked).toBe(2)
  await watcher.close()
})

test("newerThan a token that is newer than the one at hand: the source is asked for one newer still", async () => {
  const clock = new VirtualClock()
  const version = (generation: number) => ({ version: { lineage: "l", generation, id: `id-${generation}` } })
  const [first, second] = [tokenOf("a", clock, version(1)), tokenOf("b", clock, version(2))]
  const source = new ScriptedSource(clock, [first, tokenOf("c", clock, version(3))])
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  expect((await watcher.getToken({ newerThan: second })).accessToken).toBe("c")
  expect(source.requests.at(-1)?.newerThan).toBe(second)
  await watcher.close()
})

test("who joins a renewal whose outcome is not enough starts over, once", async () => {
  const clock = new VirtualClock()
  const version = (generation: number) => ({ version: { lineage: "l", generation, id: `id-${generation}` } })
  const [first, second] = [tokenOf("a", clock, version(1)), tokenOf("b", clock, version(2))]
  const issuer = new Deferred<Token>()
  const source = new ScriptedSource(clock, [first, () => issuer.promise, tokenOf("c", clock, version(3))])
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  const refreshed = watcher.refresh()
  const newest = watcher.getToken({ newerThan: second })
  issuer.resolve(second)
  expect((await refreshed).accessToken).toBe("b")
  expect((await newest).accessToken).toBe("c")
  expect(source.asked).toBe(3)
  await watcher.close()
})

test("refresh() gets a newer token at once, and 100 calls share it", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  const tokens = await Promise.all(Array.from({ length: 100 }, () => watcher.refresh()))
  expect(new Set(tokens.map(({ accessToken }) => accessToken))).toEqual(new Set(["token-2"]))
  expect([source.asked, watcher.current().accessToken]).toEqual([2, "token-2"])
  await watcher.close()
})

test("a refresh() that fails says why, and the token at hand goes on being served and renewed when it is due", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  source.willGive(errorOf("ERR_TOKEN_REQUEST_TIMEOUT"))
  await expect(watcher.refresh()).rejects.toMatchObject({ code: "ERR_TOKEN_REQUEST_TIMEOUT" })
  await clock.advance(0.5 * HOUR)
  expect([watcher.current().accessToken, source.asked]).toEqual(["token-1", 2])
  await clock.advance(0.25 * HOUR)
  expect([watcher.current().accessToken, source.asked]).toEqual(["token-2", 3])
  await watcher.close()
})

test("token$ gives the token at hand to each new subscriber, and every newer one once to all", async () => {
  const clock = new VirtualClock()
  const watcher = await TokenWatcher.start(new ScriptedSource(clock), optionsFor(clock))
  const early = namesOf(watcher)
  await watcher.refresh()
  const late = namesOf(watcher)
  await watcher.refresh()
  expect([early, late]).toEqual([
    ["token-1", "token-2", "token-3"],
    ["token-2", "token-3"],
  ])
  await watcher.close()
})

test("an expired token is not replayed, even while it is served by serveExpiredMs", async () => {
  const clock = new VirtualClock()
  const down = errorOf("ERR_TOKEN_REQUEST")
  const source = new ScriptedSource(clock, [tokenOf("a", clock), ...Array.from({ length: 1_000 }, () => down)])
  const watcher = await TokenWatcher.start(source, optionsFor(clock, { serveExpiredMs: HOUR }))
  await clock.advance(HOUR)
  expect(namesOf(watcher)).toEqual([])
  await watcher.close()
})

test("a subscriber that throws breaks neither the renewal nor other subscribers", async () => {
  const reported: unknown[] = []
  let thrown = 0
  config.onUnhandledError = (error) => reported.push(error)
  const clock = new VirtualClock()
  const watcher = await TokenWatcher.start(new ScriptedSource(clock), optionsFor(clock))
  const throwing = () => {
    thrown++
    throw new Error("subscriber")
  }
  watcher.token$.subscribe(throwing)
  watcher.state$.subscribe(throwing)
  const names = namesOf(watcher)
  await clock.advance(1.5 * HOUR)
  expect(names).toEqual(["token-1", "token-2", "token-3"])
  await watcher.close()
  expect(thrown).toBeGreaterThan(6)
  await expect.poll(() => reported.length).toBe(thrown)
})

test("a subscriber may refresh, invalidate and close from within", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  const names: string[] = []
  const refreshes: Promise<unknown>[] = []
  watcher.token$.subscribe(({ accessToken }) => {
    names.push(accessToken)
    if (accessToken === "token-1") refreshes.push(watcher.refresh())
    if (accessToken === "token-2") watcher.invalidate(watcher.current())
    if (accessToken === "token-3") void watcher.close()
  })
  await Promise.all(refreshes)
  await clock.advance(10_000)
  expect([names, source.asked, clock.pendingTimers]).toEqual([["token-1", "token-2", "token-3"], 3, 0])
})

test("state$ says fresh, renewing, stale, expired, and when the next renewal is", async () => {
  const clock = new VirtualClock()
  const startedAt = clock.now()
  const source = new ScriptedSource(clock, [tokenOf("a", clock), errorOf("ERR_TOKEN_REQUEST", { retryAfterMs: HOUR })])
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  const states = statesOf(watcher)
  await clock.advance(HOUR - 300_001)
  expect(states).toEqual([
    { status: "fresh", isRenewing: false, attempts: 0, nextRenewalAt: startedAt + 0.75 * HOUR },
    { status: "stale", isRenewing: true, attempts: 0 },
    {
      status: "stale",
      isRenewing: false,
      attempts: 1,
      nextRenewalAt: startedAt + HOUR - 5_000,
      lastError: expect.objectContaining({ code: "ERR_TOKEN_REQUEST" }) as TokenError,
    },
  ])
  source.willGive(errorOf("ERR_TOKEN_REQUEST", { retryAfterMs: HOUR }))
  await clock.advance(300_001)
  expect(states.at(-1)).toMatchObject({ status: "expired", attempts: 2 })
  await clock.advance(2 * HOUR)
  expect(states.at(-1)).toMatchObject({ status: "fresh", attempts: 0, isRenewing: false })
  expect(states.at(-1)).not.toHaveProperty("lastError.code")
  await watcher.close()
  expect(states.at(-1)).toMatchObject({ status: "closed", isRenewing: false })
})

test("nothing of a watcher shows a token", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock, [tokenOf("s3cret-a", clock), errorOf("ERR_TOKEN_REQUEST")])
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  const states = statesOf(watcher)
  await watcher.refresh().catch(() => undefined)
  expect(inspect([watcher, states], { depth: 10, showHidden: true })).not.toContain("s3cret")
  expect(JSON.stringify([watcher, states])).not.toContain("s3cret")
  await watcher.close()
})

test("a watcher is a token source: it has its source's fingerprint and tells of changes", async () => {
  const clock = new VirtualClock()
  const source = Object.assign(new ScriptedSource(clock), { fingerprint: "grant.access" })
  const inner = await TokenWatcher.start(source, optionsFor(clock))
  const outer = await TokenWatcher.start(inner, optionsFor(clock))
  expect(outer.fingerprint).toBe("grant.access")
  await inner.refresh()
  await clock.advance(0)
  expect(outer.current().accessToken).toBe("token-2")
  await clock.advance(0.75 * HOUR)
  expect([outer.current().accessToken, source.asked]).toEqual(["token-3", 3])
  await outer.close()
  expect(source.closedWith).toEqual([{ timeoutMs: 5_000 }])
})
