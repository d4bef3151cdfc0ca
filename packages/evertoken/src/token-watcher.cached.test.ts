import { expect, test } from "vitest"
import { CachedTokenSource } from "./cached-token-source.js"
import { TokenResponseError } from "./errors.js"
import { noJitter } from "./jitter.js"
import { seededRandom } from "./random.js"
import { errorOf, ScriptedSource, tokenOf } from "./testing/internal/answering-source.js"
import { VirtualClock } from "./testing/virtual-clock.js"
import { TokenWatcher } from "./token-watcher.js"
import type { TokenWatcherOptions } from "./watcher-options.js"
import type { WatcherState } from "./watcher-state.js"

const HOUR = 3_600_000

async function watching(clock: VirtualClock, source: ScriptedSource, options: TokenWatcherOptions = {}) {
  const random = seededRandom(1)
  const cached = new CachedTokenSource(source, { clock, random })
  const watcher = await TokenWatcher.start(cached, { clock, random, jitter: noJitter, ...options })
  const names: string[] = []
  let latest: WatcherState | undefined
  watcher.token$.subscribe(({ accessToken }) => names.push(accessToken))
  watcher.state$.subscribe((state) => (latest = state))
  return { cached, watcher, names, state: () => latest }
}

/** A token for an hour, whose refresh token the issuer then refuses. */
async function refusedGrant(clock: VirtualClock, options?: TokenWatcherOptions) {
  const refused = new TokenResponseError("refused", { status: 400, error: "invalid_grant", transient: false })
  const source = new ScriptedSource(clock, [tokenOf("a", clock, { refreshToken: "r" }), refused])
  return { source, ...(await watching(clock, source, options)) }
}

function thrownBy(action: () => unknown): unknown {
  try {
    return action()
  } catch (error) {
    return error
  }
}

test("over a cached source: one request a renewal, and each token is told once", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const { watcher, names } = await watching(clock, source)
  await clock.advance(3 * HOUR)
  expect([names, source.asked]).toEqual([["token-1", "token-2", "token-3", "token-4", "token-5"], 5])
  await watcher.close()
  expect(clock.pendingTimers).toBe(0)
})

test("over a cached source: the very same token again and again is asked for ever more often, and never hammered", async () => {
  const clock = new VirtualClock()
  const constant = tokenOf("constant", clock)
  const source = new ScriptedSource(
    clock,
    Array.from({ length: 1_000 }, () => constant),
  )
  const { watcher, state } = await watching(clock, source)
  await clock.advance(HOUR - 60_000)
  expect(state()).toMatchObject({ status: "stale", attempts: 0 })
  expect(source.asked).toBeLessThan(25)
  await watcher.close()
})

test("over a cached source: in an outage the attempts follow one backoff, whoever asks", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const { watcher, names, state } = await watching(clock, source)
  source.willGive(...Array.from({ length: 12 }, () => errorOf("ERR_TOKEN_REQUEST")))
  await clock.advance(0.75 * HOUR)
  for (let elapsed = 0; elapsed < 0.2 * HOUR; elapsed += 1_000) {
    await watcher.getToken()
    await clock.advance(1_000)
  }
  expect([names, source.asked, state()?.attempts]).toEqual([["token-1", "token-2"], 14, 0])
  await watcher.close()
})

test("over a cached source: a rejected token that comes back is backed off", async () => {
  const clock = new VirtualClock()
  const again = () => tokenOf("same", clock)
  const source = new ScriptedSource(clock, [again, again, again])
  const { watcher, names } = await watching(clock, source)
  await clock.advance(60_000)
  for (let elapsed = 0; elapsed < 120_000; elapsed += 500) {
    await watcher.getToken({ newerThan: watcher.current() }).catch(() => undefined)
    await clock.advance(500)
    if (names.length > 1) break
  }
  expect([names, source.asked]).toEqual([["same", "token-1"], 4])
  await watcher.close()
})

test("over a cached source: a sign-out asks nobody, and the watcher stays signed out", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const { watcher, state } = await watching(clock, source)
  await watcher.signOut()
  await clock.advance(2 * HOUR)
  expect([source.asked, state()?.status]).toEqual([1, "signed-out"])
  await watcher.close()
})

test("over a cached source: a refused grant is presented once, and the valid token served to its end", async () => {
  const clock = new VirtualClock()
  const { watcher, source, state } = await refusedGrant(clock)
  await clock.advance(HOUR - 1)
  expect(state()).toMatchObject({ status: "reauthentication-required" })
  expect([watcher.current().accessToken, source.asked]).toEqual(["a", 2])
  await clock.advance(HOUR)
  const cause = { code: "ERR_REAUTHENTICATION_REQUIRED", cause: { error: "invalid_grant" } }
  expect(thrownBy(() => watcher.current())).toMatchObject({ code: "ERR_TOKEN_EXPIRED", cause })
  expect([source.asked, state()?.status]).toEqual([2, "reauthentication-required"])
  await watcher.close()
})

test("over a cached source: after a refused grant the token is served for serveExpiredMs more, as after any failure", async () => {
  const clock = new VirtualClock()
  const { watcher } = await refusedGrant(clock, { serveExpiredMs: HOUR })
  await clock.advance(2 * HOUR - 1)
  expect(watcher.current().accessToken).toBe("a")
  await clock.advance(1)
  expect(thrownBy(() => watcher.current())).toMatchObject({ code: "ERR_TOKEN_EXPIRED" })
  await watcher.close()
})

test("over a cached source: a sign-out elsewhere after a refused grant ends even what is served past its end", async () => {
  const clock = new VirtualClock()
  const { cached, watcher, source } = await refusedGrant(clock, { serveExpiredMs: HOUR })
  await clock.advance(1.5 * HOUR)
  expect(watcher.current().accessToken).toBe("a")
  source.willGive(errorOf("ERR_REAUTHENTICATION_REQUIRED", { transient: false }))
  await cached.signOut()
  await clock.advance(0)
  expect(thrownBy(() => watcher.current())).toMatchObject({ code: "ERR_REAUTHENTICATION_REQUIRED" })
  await watcher.close()
})

test("over a cached source: a sign-out elsewhere in the process is noticed", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const { cached, watcher } = await watching(clock, source)
  const signedOut = errorOf("ERR_REAUTHENTICATION_REQUIRED", { transient: false })
  source.willGive(...Array.from({ length: 10 }, () => signedOut))
  await cached.signOut()
  await clock.advance(0)
  expect(() => watcher.current()).toThrow(expect.objectContaining({ code: "ERR_REAUTHENTICATION_REQUIRED" }))
  await watcher.close()
})

test("over a cached source: refresh() asks at once, whatever failed before, and 100 calls share one request", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const { watcher, names } = await watching(clock, source)
  source.willGive(errorOf("ERR_TOKEN_RESPONSE", { transient: false }))
  await expect(watcher.refresh()).rejects.toMatchObject({ code: "ERR_TOKEN_RESPONSE" })
  await Promise.all(Array.from({ length: 100 }, () => watcher.refresh()))
  expect([names, source.asked]).toEqual([["token-1", "token-2"], 3])
  await watcher.close()
})

test("over a cached source: refresh() does not hasten an issuer that said when to come again", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const { watcher } = await watching(clock, source)
  source.willGive(errorOf("ERR_TOKEN_RESPONSE", { retryAfterMs: 30_000 }))
  await expect(watcher.refresh()).rejects.toMatchObject({ retryAfterMs: 30_000 })
  await expect(watcher.refresh()).rejects.toMatchObject({ retryAfterMs: 30_000 })
  expect(source.asked).toBe(2)
  await watcher.close()
})

test("a watcher over a watcher passes on that somebody insists", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock)
  const { watcher: inner } = await watching(clock, source)
  const outer = await TokenWatcher.start(inner, { clock, random: seededRandom(2), jitter: noJitter })
  source.willGive(errorOf("ERR_TOKEN_RESPONSE", { transient: false }))
  await expect(outer.refresh()).rejects.toMatchObject({ code: "ERR_TOKEN_RESPONSE" })
  expect((await outer.refresh()).accessToken).toBe("token-2")
  expect(source.asked).toBe(3)
  await outer.close()
})
