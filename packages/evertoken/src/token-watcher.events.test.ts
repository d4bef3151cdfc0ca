import { afterEach, beforeEach, expect, test } from "vitest"
import { CachedTokenSource } from "./cached-token-source.js"
import { noJitter } from "./jitter.js"
import { seededRandom } from "./random.js"
import { errorOf, ScriptedSource, tokenOf } from "./testing/internal/answering-source.js"
import { EventLog } from "./testing/internal/event-log.js"
import { VirtualClock } from "./testing/virtual-clock.js"
import type { TokenSource } from "./token-source.js"
import { TokenWatcher } from "./token-watcher.js"

const HOUR = 3_600_000

let events = new EventLog()
beforeEach(() => {
  events.end()
  events = new EventLog()
})
afterEach(() => events.end())

function watching(source: TokenSource, clock: VirtualClock): Promise<TokenWatcher> {
  return TokenWatcher.start(source, { clock, random: seededRandom(1), jitter: noJitter })
}

test("each renewal of a source without a store of its own is told, under its fingerprint", async () => {
  const clock = new VirtualClock()
  const slow = async () => {
    await new Promise<void>((resolve) => clock.setTimer(resolve, 40))
    return tokenOf("b", clock)
  }
  const source = new ScriptedSource(clock, [tokenOf("a", clock), slow])
  const watcher = await watching(Object.assign(source, { fingerprint: "who.what" }), clock)
  const [first] = [watcher.current()]
  await clock.advance(0.8 * HOUR)
  expect(events.of("renewed")).toEqual([
    { key: "who.what", generation: 1, expiresAt: first.expiresAt, tookMs: 0 },
    { key: "who.what", generation: 2, expiresAt: watcher.current().expiresAt, tookMs: 40 },
  ])
  expect(events.of("renewal-failed")).toEqual([])
  await watcher.close()
})

test("each failure of a source without a store of its own is told, with its number and the time until the next attempt", async () => {
  const clock = new VirtualClock()
  const failures = [
    errorOf("ERR_TOKEN_RESPONSE", { retryAfterMs: 7_000 }),
    errorOf("ERR_TOKEN_RESPONSE", { transient: false }),
    errorOf("ERR_REAUTHENTICATION_REQUIRED", { transient: false }),
  ]
  const watcher = await watching(new ScriptedSource(clock, [tokenOf("a", clock), ...failures]), clock)
  await clock.advance(HOUR)
  const [key, code] = ["token", "ERR_TOKEN_RESPONSE"]
  expect(events.of("renewal-failed")).toEqual([
    { key, code, transient: true, attempt: 1, retryInMs: 7_000 },
    { key, code, transient: false, attempt: 2, retryInMs: 60_000 },
    { key, code: "ERR_REAUTHENTICATION_REQUIRED", transient: false, attempt: 3, retryInMs: Infinity },
  ])
  await watcher.close()
})

test("a renewal that others join is timed from its beginning", async () => {
  const clock = new VirtualClock()
  const slow = async () => {
    await new Promise<void>((resolve) => clock.setTimer(resolve, 80))
    return tokenOf("b", clock)
  }
  const watcher = await watching(new ScriptedSource(clock, [tokenOf("a", clock), slow]), clock)
  const refreshed = [watcher.refresh()]
  await clock.advance(40)
  refreshed.push(watcher.refresh())
  await clock.advance(40)
  await Promise.all(refreshed)
  expect(events.of("renewed").map(({ tookMs }) => tookMs)).toEqual([0, 80])
  await watcher.close()
})

test("the same token coming back is neither a renewal nor, as long as it is valid, a failure", async () => {
  const clock = new VirtualClock()
  const first = tokenOf("same", clock)
  const source = new ScriptedSource(clock, [first, first, first])
  const watcher = await watching(source, clock)
  await clock.advance(0.8 * HOUR)
  expect([source.asked, events.of("renewed").length, events.of("renewal-failed").length]).toEqual([2, 1, 0])
  await watcher.close()
})

test("what a cached source tells, no watcher above it tells again", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock, [tokenOf("a", clock), errorOf("ERR_TOKEN_REQUEST")])
  const cached = new CachedTokenSource(source, { clock, random: seededRandom(1), key: "key" })
  const watcher = await watching(await watching(cached, clock), clock)
  await clock.advance(HOUR - 1)
  expect(events.of("renewed").map(({ key, generation }) => [key, generation])).toEqual([
    ["key", 1],
    ["key", 2],
  ])
  expect(events.of("renewal-failed").length).toBe(1)
  await watcher.close()
})

test("what a watcher tells, no watcher above it tells again", async () => {
  const clock = new VirtualClock()
  const source = new ScriptedSource(clock, [tokenOf("a", clock), errorOf("ERR_TOKEN_REQUEST")])
  const watcher = await watching(await watching(source, clock), clock)
  await clock.advance(HOUR - 1)
  expect([events.of("renewed").length, events.of("renewal-failed").length]).toEqual([2, 1])
  await watcher.close()
})
