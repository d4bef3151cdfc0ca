import { firstValueFrom } from "rxjs"
import { expect, test } from "vitest"
import { CachedTokenSource } from "./cached-token-source.js"
import { noJitter } from "./jitter.js"
import { MemoryTokenCache } from "./memory-token-cache.js"
import { seededRandom } from "./random.js"
import { errorOf, ScriptedSource, ScriptedStore, tokenOf } from "./testing/internal/answering-source.js"
import { VirtualClock } from "./testing/virtual-clock.js"
import type { TokenSource } from "./token-source.js"
import { TokenWatcher } from "./token-watcher.js"
import type { TokenWatcherOptions } from "./watcher-options.js"

const HOUR = 3_600_000

/** A watcher over a watcher. */
async function nested(source: TokenSource, clock: VirtualClock, options: TokenWatcherOptions = {}) {
  const common = { clock, random: seededRandom(1), jitter: noJitter }
  const inner = await TokenWatcher.start(source, common)
  const outer = await TokenWatcher.start(inner, { ...common, ...options })
  return { inner, outer }
}

test("signOut() of a watcher over a watcher over a cached source forgets the token in the store", async () => {
  const clock = new VirtualClock()
  const [source, cache] = [new ScriptedSource(clock), new MemoryTokenCache({ clock })]
  const cached = new CachedTokenSource(source, { caches: [cache], key: "key", clock, random: seededRandom(1) })
  const { inner, outer } = await nested(cached, clock)
  expect((await cache.get("key"))?.token?.accessToken).toBe("token-1")
  await outer.signOut()
  expect(await cache.get("key")).toMatchObject({ token: undefined })
  expect([outer.signedOut, inner.signedOut, cached.signedOut]).toEqual([true, true, true])
  for (const watcher of [inner, outer]) {
    expect(() => watcher.current()).toThrow(expect.objectContaining({ code: "ERR_REAUTHENTICATION_REQUIRED" }))
  }
  await clock.advance(2 * HOUR)
  expect(source.asked).toBe(1)
  await outer.close()
})

test("signOut() of a watcher rejects if the source of the watcher beneath it cannot forget the token", async () => {
  const clock = new VirtualClock()
  const unreachable = errorOf("ERR_TOKEN_CACHE")
  const signOut = () => Promise.reject(unreachable)
  const { outer } = await nested(Object.assign(new ScriptedSource(clock), { signOut }), clock)
  await expect(outer.signOut()).rejects.toBe(unreachable)
  await outer.close()
})

test("a sign-out of the watcher beneath ends even what is served past its end", async () => {
  const clock = new VirtualClock()
  const failures = Array.from({ length: 1_000 }, () => errorOf("ERR_TOKEN_REQUEST"))
  const store = new ScriptedStore(clock, tokenOf("a", clock), failures)
  const { inner, outer } = await nested(store, clock, { serveExpiredMs: 2 * HOUR })
  await clock.advance(1.5 * HOUR)
  expect(outer.current().accessToken).toBe("a")
  const { nextRenewalAt = 0 } = await firstValueFrom(outer.state$)
  await clock.advance(nextRenewalAt - clock.now()) // the next attempt is not due for a second at least
  await inner.signOut()
  await clock.advance(0)
  expect(() => outer.current()).toThrow(expect.objectContaining({ code: "ERR_REAUTHENTICATION_REQUIRED" }))
  await outer.close()
})

test("a new sign-in beneath is served by all watchers above", async () => {
  const clock = new VirtualClock()
  const store = new ScriptedStore(clock, tokenOf("a", clock))
  const { outer } = await nested(store, clock)
  await outer.signOut()
  store.write(tokenOf("b", clock))
  await clock.advance(0)
  expect([outer.current().accessToken, outer.signedOut]).toEqual(["b", false])
  await outer.close()
})
