import { expect, test } from "vitest"
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

function optionsFor(clock: VirtualClock, options: TokenWatcherOptions = {}): TokenWatcherOptions {
  return { clock, random: seededRandom(1), jitter: noJitter, ...options }
}

async function startedLongAgo(clock: VirtualClock, source: ScriptedSource) {
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  await clock.advance(60_000)
  return watcher
}

test("50 requests answered 401 for one revoked token cause exactly one renewal", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const watcher = await startedLongAgo(clock, source)
  const revoked = watcher.current()
  const replaced = await Promise.all(
    Array.from({ length: 50 }, async () => {
      watcher.invalidate(revoked)
      return watcher.getToken({ newerThan: revoked })
    }),
  )
  watcher.invalidate(revoked) // a late 401
  await clock.advance(60_000)
  expect(new Set(replaced.map(({ accessToken }) => accessToken))).toEqual(new Set(["token-2"]))
  expect(source.asked).toBe(2)
  await watcher.close()
})

test("invalidate() alone renews in the background; the rejected token is served until it is replaced", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const watcher = await startedLongAgo(clock, source)
  const issuer = new Deferred<Token>()
  source.willGive(() => issuer.promise)
  watcher.invalidate(watcher.current())
  await clock.advance(0)
  expect([watcher.current().accessToken, (await watcher.getToken()).accessToken]).toEqual(["token-1", "token-1"])
  issuer.resolve(tokenOf("new", clock))
  await clock.advance(0)
  expect([watcher.current().accessToken, source.asked]).toEqual(["new", 2])
  await watcher.close()
})

test("invalidate() goes by the access token, and does nothing to a token that is not the one at hand", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const watcher = await startedLongAgo(clock, source)
  watcher.invalidate(tokenOf("another", clock))
  await clock.advance(0)
  expect(source.asked).toBe(1)
  watcher.invalidate(watcher.current().with({ scope: "a copy" }))
  await clock.advance(0)
  expect(source.asked).toBe(2)
  await watcher.close()
})

test("getToken({ newerThan }) counts as a rejection, and never gives the token that was rejected", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const watcher = await startedLongAgo(clock, source)
  source.willGive(errorOf("ERR_TOKEN_REQUEST"))
  const rejected = watcher.current()
  await expect(watcher.getToken({ newerThan: rejected })).rejects.toMatchObject({ code: "ERR_TOKEN_REQUEST" })
  expect(watcher.current()).toBe(rejected)
  await clock.advance(5_000)
  expect([watcher.current().accessToken, source.asked]).toEqual(["token-2", 3])
  await watcher.close()
})

test("a token younger than minimumIntervalMs is not renewed at once, but after it; who needs a newer one learns when", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  await clock.advance(2_000)
  const refused = { code: "ERR_TOKEN_UNCHANGED", transient: true, retryAfterMs: 8_000 }
  await expect(watcher.getToken({ newerThan: watcher.current() })).rejects.toMatchObject(refused)
  await clock.advance(7_999)
  expect(source.asked).toBe(1)
  await clock.advance(1)
  expect([source.asked, watcher.current().accessToken]).toEqual([2, "token-2"])
  await watcher.close()
})

test("an API that always answers 401 does not drive a rotation per request", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  for (let elapsed = 0; elapsed < HOUR; elapsed += 500) {
    watcher.invalidate(watcher.current())
    await watcher.getToken({ newerThan: watcher.current() }).catch(() => undefined)
    await clock.advance(500)
  }
  // after 10 s, 20 s, 40 s, …
  expect(source.asked).toBe(9)
  await watcher.close()
})

test("a renewal in flight that yields another token serves: its token is not renewed again", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const watcher = await startedLongAgo(clock, source)
  const issuer = new Deferred<Token>()
  source.willGive(() => issuer.promise)
  const refreshed = watcher.refresh()
  const rejected = watcher.current()
  watcher.invalidate(rejected)
  const newer = watcher.getToken({ newerThan: rejected })
  issuer.resolve(tokenOf("new", clock))
  expect([(await refreshed).accessToken, (await newer).accessToken]).toEqual(["new", "new"])
  await clock.advance(60_000)
  expect(source.asked).toBe(2)
  await watcher.close()
})

test("a renewal that brings back the very token just rejected is a failure, backed off, and the token stays rejected", async () => {
  const clock = new VirtualClock()
  const first = tokenOf("same", clock)
  const again = () => tokenOf("same", clock)
  const source = new ScriptedSource(clock, [first, again, again, again])
  const watcher = await startedLongAgo(clock, source)
  const states: WatcherState[] = []
  watcher.state$.subscribe((state) => states.push(state))
  await expect(watcher.getToken({ newerThan: first })).rejects.toMatchObject({ code: "ERR_TOKEN_UNCHANGED" })
  expect(states.at(-1)).toMatchObject({ attempts: 1, lastError: { code: "ERR_TOKEN_UNCHANGED" } })
  await expect(watcher.getToken({ newerThan: watcher.current() })).rejects.toMatchObject({
    code: "ERR_TOKEN_UNCHANGED",
  })
  expect(source.asked).toBe(2)
  await clock.advance(60_000)
  expect([watcher.current().accessToken, source.asked]).toEqual(["token-1", 5])
  expect(states.at(-1)).toMatchObject({ status: "fresh", attempts: 0 })
  await watcher.close()
})

test("the rejected token, written once more by another process, is not taken for success", async () => {
  const clock = new VirtualClock()
  const version = (generation: number) => ({ version: { lineage: "l", generation, id: `id-${generation}` } })
  const first = tokenOf("same", clock, version(1))
  const store = new ScriptedStore(clock, first, [errorOf("ERR_TOKEN_REQUEST"), errorOf("ERR_TOKEN_REQUEST")])
  const watcher = await startedLongAgo(clock, store)
  const states: WatcherState[] = []
  watcher.state$.subscribe((state) => states.push(state))
  watcher.invalidate(first)
  await clock.advance(0)
  store.write(tokenOf("same", clock, version(2)))
  await clock.advance(0)
  expect(states.at(-1)).toMatchObject({ attempts: 1 })
  await clock.advance(30_000)
  expect([watcher.current().accessToken, store.asked]).toEqual(["token-1", 3])
  await watcher.close()
})

test("a newer token that another process wrote ends the rejection of the one before, and its failures", async () => {
  const clock = new VirtualClock()
  const version = (generation: number) => ({ version: { lineage: "l", generation, id: `id-${generation}` } })
  const store = new ScriptedStore(clock, tokenOf("a", clock, version(1)), [errorOf("ERR_TOKEN_REQUEST")])
  const watcher = await startedLongAgo(clock, store)
  const states: WatcherState[] = []
  watcher.state$.subscribe((state) => states.push(state))
  watcher.invalidate(watcher.current())
  await clock.advance(0)
  expect(states.at(-1)).toMatchObject({ attempts: 1 })
  store.write(tokenOf("b", clock, version(2)))
  await clock.advance(60_000)
  expect(states.at(-1)).toMatchObject({ status: "fresh", attempts: 0 })
  expect([watcher.current().accessToken, store.asked]).toEqual(["b", 1])
  await watcher.close()
})

test("a rejection while failures are backed off does not hurry the next attempt", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  source.willGive(errorOf("ERR_TOKEN_RESPONSE", { retryAfterMs: 60_000 }))
  await clock.advance(0.75 * HOUR)
  for (let calls = 0; calls < 50; calls++) {
    watcher.invalidate(watcher.current())
    await expect(watcher.getToken({ newerThan: watcher.current() })).rejects.toMatchObject({
      code: "ERR_TOKEN_RESPONSE",
    })
  }
  await clock.advance(59_999)
  expect(source.asked).toBe(2)
  await clock.advance(1)
  expect(source.asked).toBe(3)
  await watcher.close()
})

test("who needs a newer token joins a refresh() under way, though failures are backed off", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  const issuer = new Deferred<Token>()
  source.willGive(errorOf("ERR_TOKEN_RESPONSE", { retryAfterMs: 60_000 }), () => issuer.promise)
  await clock.advance(0.75 * HOUR)
  const refreshed = watcher.refresh()
  const newer = watcher.getToken({ newerThan: watcher.current() })
  issuer.resolve(tokenOf("new", clock))
  expect([(await refreshed).accessToken, (await newer).accessToken, source.asked]).toEqual(["new", "new", 3])
  await watcher.close()
})

test("a rejection ends the rest that an unchanged token began", async () => {
  const clock = new VirtualClock()
  const first = tokenOf("same", clock)
  const source = new ScriptedSource(clock, [first, first])
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  await clock.advance(0.75 * HOUR)
  expect(source.asked).toBe(2)
  watcher.invalidate(first)
  await clock.advance(0)
  expect([watcher.current().accessToken, source.asked]).toEqual(["token-1", 3])
  await watcher.close()
})

test("of two caches stacked, the inner one's token that was just rejected is not given", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const inner = await startedLongAgo(clock, source)
  const outer = await TokenWatcher.start(inner, optionsFor(clock))
  const rejected = outer.current()
  const newer = await outer.getToken({ newerThan: rejected })
  expect([newer.accessToken, inner.current().accessToken, source.asked]).toEqual(["token-2", "token-2", 2])
  await outer.close()
})
