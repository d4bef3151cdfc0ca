import { throwError } from "rxjs"
import { expect, test } from "vitest"
import { TokenResponseError } from "./errors.js"
import { noJitter, type JitterSource } from "./jitter.js"
import { seededRandom } from "./random.js"
import {
  errorOf,
  ScriptedSource,
  ScriptedStore,
  tokenOf,
  type ScriptedAnswer,
} from "./testing/internal/answering-source.js"
import { VirtualClock } from "./testing/virtual-clock.js"
import { tokenSourceFrom } from "./token-source-from.js"
import { hashOf } from "./token-source.js"
import { TokenWatcher } from "./token-watcher.js"
import type { Token } from "./token.js"
import type { TokenWatcherOptions } from "./watcher-options.js"
import type { WatcherState } from "./watcher-state.js"

const HOUR = 3_600_000
const invalidGrant = () => new TokenResponseError("refused", { status: 400, error: "invalid_grant", transient: false })
const never = () => new Promise<Token>(() => {})

function optionsFor(clock: VirtualClock, options: TokenWatcherOptions = {}): TokenWatcherOptions {
  return { clock, random: seededRandom(1), jitter: noJitter, ...options }
}

function stateOf(watcher: TokenWatcher): () => WatcherState | undefined {
  let latest: WatcherState | undefined
  watcher.state$.subscribe((state) => (latest = state))
  return () => latest
}

/** A source that notes when it was asked, in milliseconds since now. */
function timedSource(clock: VirtualClock, answers: readonly ScriptedAnswer[]) {
  const startedAt = clock.now()
  const askedAt: number[] = []
  const timed = answers.map((answer) => (request: object) => {
    askedAt.push(clock.now() - startedAt)
    if (answer instanceof Error) throw answer
    return typeof answer === "function" ? answer(request) : answer
  })
  return { source: new ScriptedSource(clock, timed), askedAt }
}

test("one failed renewal does not stop the later ones", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  source.willGive(errorOf("ERR_TOKEN_REQUEST"))
  await clock.advance(0.8 * HOUR)
  expect(watcher.current().accessToken).toBe("token-2")
  await clock.advance(HOUR)
  expect([watcher.current().accessToken, source.asked]).toEqual(["token-3", 4])
  await watcher.close()
})

test("the backoff is really slept: the attempts come when it says", async () => {
  const clock = new VirtualClock()
  const failures = Array.from({ length: 6 }, () => errorOf("ERR_TOKEN_REQUEST"))
  const { source, askedAt } = timedSource(clock, [tokenOf("a", clock), ...failures])
  const watcher = await TokenWatcher.start(source, optionsFor(clock, { random: () => 0.5 }))
  await clock.advance(HOUR - 1)
  const renewAt = 0.75 * HOUR
  const pauses = [500, 1_000, 2_000, 4_000, 8_000]
  const expected = [0, renewAt]
  for (const pause of pauses) expected.push((expected.at(-1) ?? 0) + pause)
  expect(askedAt).toEqual(expected)
  expect(watcher.current().accessToken).toBe("token-1")
  await watcher.close()
})

test("issuer down until after the end: served until then, tried on, and back by itself when it recovers", async () => {
  const clock = new VirtualClock()
  let isDown = true
  const answer = () => {
    if (isDown) throw errorOf("ERR_TOKEN_REQUEST")
    return tokenOf("recovered", clock)
  }
  const source = new ScriptedSource(clock, [tokenOf("a", clock), ...Array.from({ length: 500 }, () => answer)])
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  const names: string[] = []
  watcher.token$.subscribe(({ accessToken }) => names.push(accessToken))
  await clock.advance(HOUR - 1)
  expect(watcher.current().accessToken).toBe("a")
  await clock.advance(601_000)
  expect(() => watcher.current()).toThrow(expect.objectContaining({ code: "ERR_TOKEN_EXPIRED" }))
  const askedWhileExpired = source.asked
  isDown = false
  await clock.advance(61_000)
  expect([names, source.asked]).toEqual([["a", "recovered"], askedWhileExpired + 1])
  await watcher.close()
})

test("a storm of 429 with Retry-After: nobody asks before", async () => {
  const clock = new VirtualClock()
  const limited = errorOf("ERR_TOKEN_RESPONSE", { retryAfterMs: 300_000 })
  const { source, askedAt } = timedSource(clock, [tokenOf("a", clock), limited, limited])
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  await clock.advance(0.75 * HOUR)
  for (let calls = 0; calls < 100; calls++) {
    await clock.advance(2_900)
    await watcher.getToken()
    await watcher.getToken({ minimumValidityMs: 0.45 * HOUR })
  }
  await clock.advance(20_000)
  expect(askedAt).toEqual([0, 0.75 * HOUR, 0.75 * HOUR + 300_000])
  await watcher.close()
})

test("a Retry-After beyond the token's end: one attempt is made shortly before it", async () => {
  const clock = new VirtualClock()
  const limited = errorOf("ERR_TOKEN_RESPONSE", { retryAfterMs: 10 * HOUR })
  const source = new ScriptedSource(clock, [tokenOf("a", clock), limited])
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  await clock.advance(HOUR - 5_001)
  expect(source.asked).toBe(2)
  await clock.advance(1)
  expect([source.asked, watcher.current().accessToken]).toEqual([3, "token-1"])
  await watcher.close()
})

test("the pauses after failures are those of the option backoff", async () => {
  const clock = new VirtualClock()
  const { source, askedAt } = timedSource(clock, [errorOf("ERR_TOKEN_REQUEST"), () => tokenOf("a", clock)])
  const starting = TokenWatcher.start(source, optionsFor(clock, { backoff: { minimumMs: 7_000 } }))
  await clock.advance(7_000)
  await (await starting).close()
  expect(askedAt).toEqual([0, 7_000])
})

test("an answer that never comes is a failure after attemptTimeoutMs, and the request is cancelled", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  const state = stateOf(watcher)
  source.willGive(never)
  await clock.advance(0.75 * HOUR + 60_000)
  expect(state()).toMatchObject({ attempts: 1, lastError: { code: "ERR_TOKEN_REQUEST_TIMEOUT" } })
  expect(source.requests.at(-1)?.signal?.aborted).toBe(true)
  await clock.advance(5_000)
  expect(watcher.current().accessToken).toBe("token-2")
  await watcher.close()
})

test("what is thrown by a source that knows no TokenError is a failure that passes, and its message is not told", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  const state = stateOf(watcher)
  source.willGive(new TypeError("s3cret"))
  await clock.advance(0.75 * HOUR)
  expect(state()?.lastError).toMatchObject({ code: "ERR_TOKEN_SOURCE", transient: true })
  expect(String(state()?.lastError?.stack)).not.toContain("s3cret")
  await clock.advance(5_000)
  expect(watcher.current().accessToken).toBe("token-2")
  await watcher.close()
})

test("a configuration error: the valid token is served, one attempt a minute, and all is well when it is repaired", async () => {
  const clock = new VirtualClock()
  const refused = errorOf("ERR_TOKEN_RESPONSE", { transient: false })
  const source = new ScriptedSource(clock, [tokenOf("a", clock), refused, refused, refused])
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  const state = stateOf(watcher)
  await clock.advance(0.75 * HOUR + 119_999)
  expect(state()).toMatchObject({ status: "misconfigured", attempts: 2, lastError: refused })
  expect([watcher.current().accessToken, source.asked]).toEqual(["a", 3])
  await clock.advance(60_001)
  expect(source.asked).toBe(5)
  expect(state()).toMatchObject({ status: "fresh", attempts: 0 })
  await watcher.close()
})

test("a refused grant without a store: the valid token is served, nobody asks again, refresh() does", async () => {
  const clock = new VirtualClock()
  const refused = errorOf("ERR_REAUTHENTICATION_REQUIRED", { transient: false })
  const source = new ScriptedSource(clock, [tokenOf("a", clock), refused])
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  const state = stateOf(watcher)
  await clock.advance(HOUR - 1)
  expect(state()).toMatchObject({ status: "reauthentication-required", isRenewing: false, lastError: refused })
  expect(state()?.nextRenewalAt).toBeUndefined()
  expect(watcher.current().accessToken).toBe("a")
  await expect(watcher.getToken({ newerThan: watcher.current() })).rejects.toBe(refused)
  await clock.advance(10 * HOUR)
  expect(() => watcher.current()).toThrow(expect.objectContaining({ code: "ERR_TOKEN_EXPIRED", cause: refused }))
  await expect(watcher.getToken()).rejects.toBe(refused)
  expect(source.asked).toBe(2)
  expect((await watcher.refresh()).accessToken).toBe("token-1")
  expect(state()).toMatchObject({ status: "fresh", attempts: 0 })
  await watcher.close()
})

test("a refresh token that does not rotate and is refused, without a cache: a sign-in is needed, and nobody asks again", async () => {
  const clock = new VirtualClock()
  const script = [tokenOf("a", clock), invalidGrant()]
  const source = Object.assign(new ScriptedSource(clock, script), { lineage: hashOf("refresh token") })
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  const state = stateOf(watcher)
  await clock.advance(HOUR - 1)
  const lastError = { code: "ERR_REAUTHENTICATION_REQUIRED", cause: { error: "invalid_grant", status: 400 } }
  expect(state()).toMatchObject({ status: "reauthentication-required", lastError })
  expect([watcher.current().accessToken, source.asked]).toEqual(["a", 2])
  await clock.advance(10 * HOUR)
  expect(source.asked).toBe(2)
  await watcher.close()
})

test("start() with a refresh token that is refused rejects with ERR_REAUTHENTICATION_REQUIRED, as with a cache", async () => {
  const clock = new VirtualClock()
  const source = Object.assign(new ScriptedSource(clock, [invalidGrant()]), { lineage: hashOf("refresh token") })
  const refused = { code: "ERR_REAUTHENTICATION_REQUIRED", transient: false }
  await expect(TokenWatcher.start(source, optionsFor(clock))).rejects.toMatchObject(refused)
  expect(source.asked).toBe(1)
})

test("invalid_grant without a refresh token is a configuration error: one attempt a minute", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock, [tokenOf("a", clock), invalidGrant()])
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  const state = stateOf(watcher)
  await clock.advance(0.75 * HOUR + 59_999)
  expect(state()).toMatchObject({ status: "misconfigured", lastError: { code: "ERR_TOKEN_RESPONSE" } })
  await clock.advance(1)
  expect([state()?.status, source.asked]).toEqual(["fresh", 3])
  await watcher.close()
})

test("a fixed interval of renewal is kept by the watcher, jitter included", async () => {
  const clock = new VirtualClock()
  let asked = 0
  const options = { lifetimeMs: 24 * 3_600_000, renewEveryMs: 600_000, clock }
  const source = tokenSourceFrom(() => `token-${++asked}`, options)
  const watcher = await TokenWatcher.start(source, { clock, random: seededRandom(1) })
  await clock.advance(2 * 3_600_000)
  // twelve intervals, each shortened by a tenth at most
  expect(asked - 1).toBeGreaterThanOrEqual(12)
  expect(asked - 1).toBeLessThanOrEqual(13)
  await watcher.close()
})

test("the issuer returns the same token until shortly before its end: it is not hammered, and the new one is not missed", async () => {
  const clock = new VirtualClock()
  const first = tokenOf("same", clock)
  const answer = () => (clock.now() < first.expiresAt - 60_000 ? first : tokenOf(`next-${source.asked}`, clock))
  const source: ScriptedSource = new ScriptedSource(
    clock,
    Array.from({ length: 500 }, () => answer),
  )
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  const names: string[] = []
  watcher.token$.subscribe(({ accessToken }) => names.push(accessToken))
  const state = stateOf(watcher)
  await clock.advance(HOUR - 100_000)
  expect(state()).toMatchObject({ status: "stale", attempts: 0 })
  await clock.advance(99_999)
  expect(names).toEqual(["same", expect.stringMatching(/^next/)])
  expect(source.asked).toBeLessThan(20)
  await watcher.close()
})

test("the same token with a later end is taken over, and not told as news", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(
    clock,
    Array.from({ length: 4 }, () => () => tokenOf("same", clock)),
  )
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  const names: string[] = []
  watcher.token$.subscribe(({ accessToken }) => names.push(accessToken))
  await clock.advance(3 * HOUR - 1)
  expect([names, source.asked]).toEqual([["same"], 4])
  expect(watcher.current().expiresAt).toBeGreaterThan(clock.now())
  await watcher.close()
})

test("ERR_TOKEN_UNCHANGED is no failure: the later end is taken from what the source has at hand", async () => {
  const clock = new VirtualClock()
  const first = tokenOf("same", clock)
  const store = new ScriptedStore(clock, first, [
    () => {
      store.stored = tokenOf("same", clock)
      throw errorOf("ERR_TOKEN_UNCHANGED")
    },
  ])
  const watcher = await TokenWatcher.start(store, optionsFor(clock))
  const state = stateOf(watcher)
  await clock.advance(0.75 * HOUR)
  expect(watcher.current().expiresAt).toBe(first.expiresAt + 0.75 * HOUR)
  expect(state()).toMatchObject({ status: "fresh", attempts: 0 })
  expect(state()?.lastError).toBeUndefined()
  await clock.advance(0.7 * HOUR)
  expect(store.asked).toBe(1)
  await watcher.close()
})

test("ERR_TOKEN_UNCHANGED of a source that has nothing else is no failure as long as the token is valid", async () => {
  const clock = new VirtualClock()
  const unchanged = errorOf("ERR_TOKEN_UNCHANGED")
  const source = new ScriptedSource(clock, [tokenOf("a", clock), unchanged, errorOf("ERR_TOKEN_REQUEST")])
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  const state = stateOf(watcher)
  await clock.advance(0.75 * HOUR)
  expect(source.asked).toBe(3)
  expect(state()).toMatchObject({ status: "stale", attempts: 0 })
  await clock.advance((0.25 * HOUR) / 4)
  expect(watcher.current().accessToken).toBe("token-1")
  await watcher.close()
})

test("an issuer that has nothing newer is asked ever more often towards the end, and what it then gives is not missed", async () => {
  const clock = new VirtualClock()
  const first = tokenOf("same", clock, { lifetimeMs: 16_000 })
  const answer = () => (clock.now() < first.expiresAt - 1_500 ? first : tokenOf("next", clock))
  const { source, askedAt } = timedSource(
    clock,
    Array.from({ length: 20 }, () => answer),
  )
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  await clock.advance(15_999)
  expect(askedAt).toEqual([0, 12_000, 14_000, 15_000])
  expect(watcher.current().accessToken).toBe("next")
  await watcher.close()
})

test("ERR_TOKEN_UNCHANGED past the end of the token is a failure, and backed off", async () => {
  const clock = new VirtualClock()
  const unchanged = Array.from({ length: 3_000 }, () => errorOf("ERR_TOKEN_UNCHANGED"))
  const source = new ScriptedSource(clock, [tokenOf("a", clock), ...unchanged])
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  const state = stateOf(watcher)
  await clock.advance(HOUR)
  const { asked } = source
  await clock.advance(300_000)
  expect(state()).toMatchObject({ status: "expired", lastError: { code: "ERR_TOKEN_UNCHANGED" } })
  expect(source.asked - asked).toBeLessThan(60)
  await watcher.close()
})

test("a source that answers with tokens of old, each another one, is not hammered", async () => {
  const clock = new VirtualClock()
  const first = tokenOf("a", clock)
  await clock.advance(0.5 * HOUR)
  const old = Array.from({ length: 30 }, (_, n) => first.with({ accessToken: `old-${n}`, staleAt: first.issuedAt }))
  const source = new ScriptedSource(clock, [first, ...old])
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  await clock.advance(0.25 * HOUR + 59_999)
  expect(source.asked).toBe(7)
  await watcher.close()
})

test("what a source gives as newer is taken, though it was issued before", async () => {
  const clock = new VirtualClock()
  const older = tokenOf("older", clock)
  await clock.advance(60_000)
  const source = new ScriptedSource(clock, [tokenOf("a", clock), older])
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  expect((await watcher.refresh()).accessToken).toBe("older")
  expect(watcher.current()).toBe(older)
  await watcher.close()
})

test("an expired token that comes back again and again is a failure, and backed off", async () => {
  const clock = new VirtualClock()
  const constant = tokenOf("constant", clock)
  const source = new ScriptedSource(
    clock,
    Array.from({ length: 500 }, () => constant),
  )
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  const state = stateOf(watcher)
  await clock.advance(HOUR)
  const { asked } = source
  await clock.advance(HOUR)
  expect(state()).toMatchObject({ status: "expired", lastError: { code: "ERR_TOKEN_LIFETIME" } })
  expect(source.asked - asked).toBeLessThan(200)
  expect(source.asked - asked).toBeGreaterThan(60)
  await watcher.close()
})

test("a refresh() that brings the same token rejects with ERR_TOKEN_UNCHANGED", async () => {
  const clock = new VirtualClock()
  const first = tokenOf("same", clock)
  const source = new ScriptedSource(clock, [first, first])
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  await expect(watcher.refresh()).rejects.toMatchObject({ code: "ERR_TOKEN_UNCHANGED" })
  expect(watcher.current()).toBe(first)
  await watcher.close()
})

test("callers who need a longer validity than the issuer's unchanged token has do not hammer it", async () => {
  const clock = new VirtualClock()
  const first = tokenOf("same", clock)
  const source = new ScriptedSource(
    clock,
    Array.from({ length: 500 }, () => first),
  )
  const watcher = await TokenWatcher.start(source, optionsFor(clock))
  await clock.advance(0.6 * HOUR)
  for (let calls = 0; calls < 100; calls++) {
    expect(await watcher.getToken({ minimumValidityMs: 0.45 * HOUR })).toBe(first)
  }
  expect(source.asked).toBe(2)
  await watcher.close()
})

test("a jitter source that throws stops nothing: the token is served, and renewed", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  let draws = 0
  const jitter: JitterSource = {
    earlyMs: () => {
      if (++draws > 1) throw new Error("jitter")
      return 0
    },
  }
  const watcher = await TokenWatcher.start(source, optionsFor(clock, { jitter }))
  await clock.advance(1.5 * HOUR)
  expect([watcher.current().accessToken, source.asked]).toEqual(["token-3", 3])
  await watcher.close()
})

test("who asks for a newer token when a jitter source throws gets a TokenError", async () => {
  const clock = new VirtualClock()
  const version = (generation: number) => ({ version: { lineage: "l", generation, id: `id-${generation}` } })
  const source = new ScriptedSource(
    clock,
    [1, 2].map((generation) => tokenOf("same", clock, version(generation))),
  )
  let draws = 0
  const jitter: JitterSource = {
    earlyMs: () => {
      if (++draws > 1) throw new Error("jitter")
      return 0
    },
  }
  const watcher = await TokenWatcher.start(source, optionsFor(clock, { jitter }))
  await expect(watcher.refresh()).rejects.toMatchObject({ code: "ERR_TOKEN_SOURCE", transient: true })
  await watcher.close()
})

test("changes that fail are done without", async () => {
  const clock = new VirtualClock()
  for (const changes of [
    () => throwError(() => new Error("watch")),
    () => {
      throw new Error("watch")
    },
  ]) {
    const source = Object.assign(new ScriptedSource(clock), { changes })
    const watcher = await TokenWatcher.start(source, optionsFor(clock))
    await clock.advance(0.75 * HOUR)
    expect(watcher.current().accessToken).toBe("token-2")
    await watcher.close()
  }
})
