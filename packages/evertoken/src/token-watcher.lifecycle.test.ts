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
const never = () => new Promise<Token>(() => {})

function optionsFor(clock: VirtualClock, options: TokenWatcherOptions = {}): TokenWatcherOptions {
  return { clock, random: seededRandom(1), jitter: noJitter, ...options }
}

async function outcomeOf<T>(promise: Promise<T>, clock: VirtualClock, afterMs: number): Promise<unknown> {
  const settled = promise.catch((error: unknown) => error)
  await clock.advance(afterMs)
  return settled
}

test("start() goes on through failures that pass, with backoff, until there is a token", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock, [errorOf("ERR_TOKEN_REQUEST"), errorOf("ERR_TOKEN_RESPONSE")])
  const watcher = await outcomeOf(TokenWatcher.start(source, optionsFor(clock)), clock, 10_000)
  expect(watcher).toBeInstanceOf(TokenWatcher)
  expect(source.asked).toBe(3)
  await (watcher as TokenWatcher).close()
})

test("start() of an issuer that stays down rejects with the last error, and leaves nothing running", async () => {
  const clock = new VirtualClock()
  const failures = Array.from({ length: 100 }, (_, index) => errorOf("ERR_TOKEN_REQUEST", { retryAfterMs: index }))
  const source = new ScriptedSource(clock, failures)
  const outcome = await outcomeOf(TokenWatcher.start(source, optionsFor(clock)), clock, 30_000)
  expect(outcome).toBe(failures[source.asked - 1])
  expect(source.asked).toBeGreaterThan(4)
  expect([clock.pendingTimers, source.closedWith.length]).toEqual([0, 1])
  const { asked } = source
  await clock.advance(HOUR)
  expect(source.asked).toBe(asked)
})

test("start() of an issuer that never answers rejects after startTimeoutMs, and cancels the request", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock, [never])
  const outcome = await outcomeOf(TokenWatcher.start(source, optionsFor(clock, { startTimeoutMs: 700 })), clock, 700)
  expect(outcome).toMatchObject({ code: "ERR_TOKEN_REQUEST_TIMEOUT", transient: true })
  expect([clock.pendingTimers, source.requests[0]?.signal?.aborted]).toEqual([0, true])
})

test.each(["ERR_REAUTHENTICATION_REQUIRED", "ERR_TOKEN_RESPONSE"] as const)(
  "start() with a failure that cannot pass (%s) rejects at once",
  async (code) => {
    const clock = new VirtualClock()
    const error = errorOf(code, { transient: false })
    const source = new ScriptedSource(clock, [error])
    await expect(TokenWatcher.start(source, optionsFor(clock))).rejects.toBe(error)
    expect([clock.pendingTimers, source.asked, source.closedWith.length]).toEqual([0, 1, 1])
  },
)

test("start() that fails tells why there is no token, even if closing the source fails too", async () => {
  const clock = new VirtualClock()
  const error = errorOf("ERR_TOKEN_RESPONSE", { transient: false })
  const source = Object.assign(new ScriptedSource(clock, [error]), { close: () => Promise.reject(new Error("close")) })
  await expect(TokenWatcher.start(source, optionsFor(clock))).rejects.toBe(error)
})

test("start() whose source gives an expired token tries on", async () => {
  const clock = new VirtualClock()
  const old = tokenOf("old", clock)
  clock.stepWall(2 * HOUR)
  const source = new ScriptedSource(clock, [old])
  const watcher = await outcomeOf(TokenWatcher.start(source, optionsFor(clock)), clock, 5_000)
  expect((watcher as TokenWatcher).current().accessToken).toBe("token-1")
  await (watcher as TokenWatcher).close()
})

test("while somebody waits for the first token the process is kept alive, afterwards it is not", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock, [errorOf("ERR_TOKEN_REQUEST"), errorOf("ERR_TOKEN_REQUEST")])
  const starting = TokenWatcher.start(source, optionsFor(clock, { backoff: { minimumMs: 1_000 } }))
  await clock.advance(100)
  expect(clock.refTimers).toBe(2) // the patience of start(), and the pause before the next attempt
  await clock.advance(5_000)
  const watcher = await starting
  expect([clock.refTimers, clock.pendingTimers]).toEqual([0, 1])
  await watcher.close()
})

test("while the source is asked the process is kept alive", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  const issuer = new Deferred<Token>()
  source.willGive(() => issuer.promise)
  await clock.advance(0.75 * HOUR)
  expect(clock.refTimers).toBe(1)
  expect(clock.nextTimerInMs).toBeGreaterThanOrEqual(1_000) // and idle: its patience is looked at once a second
  issuer.resolve(tokenOf("new", clock))
  await clock.advance(0)
  expect(clock.refTimers).toBe(0)
  await watcher.close()
})

test("a lazy watcher asks nobody and sets no timer before the first read", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const watcher = await TokenWatcher.start(source, optionsFor(clock, { lazy: true }))
  const states: WatcherState[] = []
  watcher.state$.subscribe((state) => states.push(state))
  watcher.invalidate(tokenOf("foreign", clock))
  await clock.advance(HOUR)
  expect([source.asked, clock.pendingTimers]).toEqual([0, 0])
  expect(states).toEqual([{ status: "starting", isRenewing: false, attempts: 0 }])
  await watcher.close()
})

test.each<[string, (watcher: TokenWatcher) => unknown]>([
  ["current()", (watcher) => expect(() => watcher.current()).toThrow()],
  ["getToken()", (watcher) => watcher.getToken()],
  ["refresh()", (watcher) => watcher.refresh()],
  ["a subscription to token$", (watcher) => watcher.token$.subscribe()],
])("%s begins a lazy watcher", async (_, read) => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const watcher = await TokenWatcher.start(source, optionsFor(clock, { lazy: true }))
  await read(watcher)
  await clock.advance(0)
  expect([watcher.current().accessToken, source.asked]).toEqual(["token-1", 1])
  await clock.advance(0.75 * HOUR)
  expect(source.asked).toBe(2)
  await watcher.close()
})

test("current() of a lazy watcher without a token throws ERR_TOKEN_EXPIRED, and says to await getToken()", async () => {
  const clock = new VirtualClock()
  const watcher = await TokenWatcher.start(new ScriptedSource(clock), optionsFor(clock, { lazy: true }))
  const message = "no token yet: await getToken()"
  const noneYet = { code: "ERR_TOKEN_EXPIRED", transient: true, message }
  expect(() => watcher.current()).toThrow(expect.objectContaining(noneYet))
  await watcher.close()
})

test("1,000 callers of a lazy watcher share one request, and its retries", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock, [errorOf("ERR_TOKEN_REQUEST")])
  const watcher = await TokenWatcher.start(source, optionsFor(clock, { lazy: true }))
  const tokens = Promise.all(Array.from({ length: 1_000 }, () => watcher.getToken()))
  await clock.advance(5_000)
  expect(new Set((await tokens).map(({ accessToken }) => accessToken))).toEqual(new Set(["token-1"]))
  expect([source.asked, clock.refTimers]).toEqual([2, 0])
  await watcher.close()
})

test("who comes between two attempts for a first token waits for the next one", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock, [errorOf("ERR_TOKEN_REQUEST")])
  const watcher = await TokenWatcher.start(source, optionsFor(clock, { lazy: true }))
  const first = watcher.getToken()
  await clock.advance(0)
  const second = watcher.getToken()
  await clock.advance(0)
  expect(source.asked).toBe(1)
  await clock.advance(5_000)
  expect([(await first).accessToken, (await second).accessToken, source.asked]).toEqual(["token-1", "token-1", 2])
  await watcher.close()
})

test("a caller of a lazy watcher may give up before the first token comes; the others go on", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock, [errorOf("ERR_TOKEN_REQUEST")])
  const watcher = await TokenWatcher.start(source, optionsFor(clock, { lazy: true }))
  const impatient = new AbortController()
  const [cancelled, patient] = [watcher.getToken({ signal: impatient.signal }), watcher.getToken()]
  impatient.abort(new Error("enough"))
  await expect(cancelled).rejects.toThrow("enough")
  await clock.advance(5_000)
  expect((await patient).accessToken).toBe("token-1")
  await watcher.close()
})

test("a lazy watcher whose source is misconfigured tells each caller at once, and asks once a minute", async () => {
  const clock = new VirtualClock()
  const error = errorOf("ERR_TOKEN_RESPONSE", { transient: false })
  const source = new ScriptedSource(clock, [error, error])
  const watcher = await TokenWatcher.start(source, optionsFor(clock, { lazy: true }))
  for (let calls = 0; calls < 5; calls++) {
    await expect(watcher.getToken()).rejects.toMatchObject({ code: "ERR_TOKEN_RESPONSE" })
  }
  expect(source.asked).toBe(1)
  await clock.advance(59_999)
  expect(source.asked).toBe(1)
  await clock.advance(60_001)
  expect([source.asked, watcher.current().accessToken]).toEqual([3, "token-1"])
  await watcher.close()
})

test("a start that timed out for one caller of a lazy watcher goes on in the background", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock, [never])
  const watcher = await TokenWatcher.start(source, optionsFor(clock, { lazy: true, startTimeoutMs: 1_000 }))
  expect(await outcomeOf(watcher.getToken(), clock, 1_000)).toMatchObject({ code: "ERR_TOKEN_REQUEST_TIMEOUT" })
  await clock.advance(70_000)
  expect(watcher.current().accessToken).toBe("token-1")
  await watcher.close()
})

test("after close() nothing is running: no timer, no renewal, and the streams are complete", async () => {
  const clock = new VirtualClock()
  const store = new ScriptedStore(clock, tokenOf("a", clock))
  const watcher = await TokenWatcher.start(store, optionsFor(clock))
  const completed: string[] = []
  watcher.token$.subscribe({ complete: () => completed.push("token$") })
  watcher.state$.subscribe({ complete: () => completed.push("state$") })
  watcher.changes().subscribe({ complete: () => completed.push("changes") })
  await watcher.close()
  await clock.advance(2 * HOUR)
  expect([clock.pendingTimers, store.asked, store.looked, store.changed.observed]).toEqual([0, 0, 1, false])
  expect(completed.sort()).toEqual(["changes", "state$", "token$"])
})

test("a closed watcher says so to whoever asks, and its last state to whoever subscribes", async () => {
  const clock = new VirtualClock()
  const watcher = await TokenWatcher.start(new ScriptedSource(clock), optionsFor(clock))
  const token = watcher.current()
  await watcher.close()
  const closed = { code: "ERR_TOKEN_SOURCE_CLOSED", transient: false }
  expect(() => watcher.current()).toThrow(expect.objectContaining(closed))
  await expect(watcher.getToken()).rejects.toMatchObject(closed)
  await expect(watcher.getToken({ newerThan: token })).rejects.toMatchObject(closed)
  await expect(watcher.refresh()).rejects.toMatchObject(closed)
  await expect(watcher.signOut()).rejects.toMatchObject(closed)
  watcher.invalidate(token)
  const seen: unknown[] = []
  watcher.token$.subscribe({ next: () => seen.push("token"), complete: () => seen.push("complete") })
  watcher.state$.subscribe({ next: ({ status }) => seen.push(status), complete: () => seen.push("complete") })
  expect(seen).toEqual(["complete", "closed", "complete"])
  expect(clock.pendingTimers).toBe(0)
})

test("close() rejects everybody who waits, and cancels the request", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  source.willGive(never)
  clock.suspend(2 * HOUR)
  const waiting = Promise.allSettled([watcher.getToken(), watcher.refresh()])
  await clock.advance(0)
  await watcher.close()
  const closed = { status: "rejected", reason: { code: "ERR_TOKEN_SOURCE_CLOSED" } }
  expect(await waiting).toMatchObject([closed, closed])
  expect([source.requests.at(-1)?.signal?.aborted, clock.pendingTimers]).toEqual([true, 0])
})

test("close() rejects who waits for a first token", async () => {
  const clock = new VirtualClock()
  const watcher = await TokenWatcher.start(new ScriptedSource(clock, [never]), optionsFor(clock, { lazy: true }))
  const waiting = watcher.getToken()
  await Promise.all([expect(waiting).rejects.toMatchObject({ code: "ERR_TOKEN_SOURCE_CLOSED" }), watcher.close()])
  expect(clock.pendingTimers).toBe(0)
})

test("a token that comes after close() is not published", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  const names: string[] = []
  watcher.token$.subscribe(({ accessToken }) => names.push(accessToken))
  const issuer = new Deferred<Token>()
  source.willGive(() => issuer.promise)
  const refreshed = watcher.refresh().catch((error: unknown) => error)
  const closing = watcher.close()
  issuer.resolve(tokenOf("late", clock))
  await closing
  expect(await refreshed).toMatchObject({ code: "ERR_TOKEN_SOURCE_CLOSED" })
  expect(names).toEqual(["token-1"])
})

test("closed by a subscriber while refresh() begins, it asks its source no more", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock, [never, never])
  const watcher = await TokenWatcher.start(source, optionsFor(clock, { lazy: true }))
  watcher.state$.subscribe(({ isRenewing }) => {
    if (isRenewing) void watcher.close()
  })
  await expect(watcher.refresh()).rejects.toMatchObject({ code: "ERR_TOKEN_SOURCE_CLOSED" })
  expect([source.asked, clock.pendingTimers]).toEqual([1, 0])
})

test("close() closes its source once, with its own patience", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const watcher = await TokenWatcher.start(source, optionsFor(clock, { closeTimeoutMs: 1_234 }))
  await Promise.all([watcher.close(), watcher.close({ timeoutMs: 1 }), watcher[Symbol.asyncDispose]()])
  expect(source.closedWith).toEqual([{ timeoutMs: 1_234 }])
})

test("close() waits until its source has closed, and rejects if that fails", async () => {
  const clock = new VirtualClock()
  const closing = new Deferred<void>()
  const source = Object.assign(new ScriptedSource(clock), { close: () => closing.promise })
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  let isClosed = false
  const closed = watcher.close().finally(() => (isClosed = true))
  await clock.advance(0)
  expect(isClosed).toBe(false)
  closing.reject(new Error("unwritten"))
  await expect(closed).rejects.toThrow("unwritten")
})

test("with closeSource: false the source stays open, also when the start fails", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock, [errorOf("ERR_TOKEN_RESPONSE", { transient: false })])
  const options = optionsFor(clock, { closeSource: false })
  await expect(TokenWatcher.start(source, options)).rejects.toMatchObject({ code: "ERR_TOKEN_RESPONSE" })
  const watcher = await TokenWatcher.start(source, options)
  await watcher.close()
  expect(source.closedWith).toEqual([])
})

test("await using closes a watcher", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  {
    await using watcher = await TokenWatcher.start(source, optionsFor(clock))
    expect(watcher.current().accessToken).toBe("token-1")
  }
  expect([source.closedWith.length, clock.pendingTimers]).toEqual([1, 0])
})

test("a source that cannot be closed, or tells of no changes, will do", async () => {
  const clock = new VirtualClock()
  const watcher = await TokenWatcher.start({ getToken: async () => tokenOf("a", clock) }, optionsFor(clock))
  expect([watcher.current().accessToken, watcher.fingerprint]).toEqual(["a", undefined])
  await watcher.close()
})
