import { expect, test } from "vitest"
import { systemClock } from "./clock.js"
import { noJitter } from "./jitter.js"
import { TokenWatcher } from "./token-watcher.js"
import { watcherSettings } from "./watcher-options.js"

const source = { getToken: () => Promise.reject(new Error("not asked")) }

/** As a caller without types could give it. */
const foreign = (value: unknown) => value as never

test("the defaults are those that are documented", () => {
  expect(watcherSettings({})).toMatchObject({
    startTimeoutMs: 30_000,
    lazy: false,
    minimumIntervalMs: 10_000,
    minimumValidityMs: 0,
    serveExpiredMs: 0,
    attemptTimeoutMs: 60_000,
    closeTimeoutMs: 5_000,
    closeSource: true,
    clock: systemClock,
  })
})

test("options that are null are a TypeError, and start nothing", async () => {
  await expect(TokenWatcher.start(source, foreign(null))).rejects.toThrow(
    TypeError("options must be an object; got null"),
  )
})

test("what is given is taken", () => {
  const random = () => 0.5
  const given = { startTimeoutMs: 1, lazy: true, closeSource: false, jitter: noJitter, random }
  expect(watcherSettings(given)).toMatchObject(given)
})

test.each(["startTimeoutMs", "attemptTimeoutMs"])("%s must be at least a millisecond", (name) => {
  expect(() => watcherSettings({ [name]: 0 })).toThrow(new RegExp(`^${name} must be milliseconds, from 1 .*got 0`))
})

test.each([
  "startTimeoutMs",
  "minimumIntervalMs",
  "minimumValidityMs",
  "serveExpiredMs",
  "attemptTimeoutMs",
  "closeTimeoutMs",
])("%s must be a length of time that timers keep", (name) => {
  for (const value of [-1, NaN, Infinity, 2 ** 31, foreign("5s"), null]) {
    expect(() => watcherSettings({ [name]: value })).toThrow(TypeError)
    expect(() => watcherSettings({ [name]: value })).toThrow(new RegExp(`^${name} must be milliseconds`))
  }
  expect(watcherSettings({ [name]: 2 ** 31 - 1 })).toMatchObject({ [name]: 2 ** 31 - 1 })
})

test.each<[string, unknown, RegExp]>([
  ["lazy", "yes", /^lazy must be true or false; got a string/],
  ["closeSource", 0, /^closeSource must be true or false; got 0/],
  ["jitter", 500, /^jitter must be an object with the method earlyMs/],
  ["jitter", null, /^jitter must be/],
  ["clock", Date, /^clock must be an object with the methods now, monotonic and setTimer/],
  ["clock", null, /^clock must be/],
  ["random", 0.5, /^random must be a function/],
  ["backoff", { minimumMs: -1 }, /^minimumMs must be milliseconds/],
])("a bad %s (%s) is a TypeError that names it", (name, value, message) => {
  expect(() => watcherSettings({ [name]: value })).toThrow(TypeError)
  expect(() => watcherSettings({ [name]: value })).toThrow(message)
})

test.each([undefined, null, {}, "https://issuer"])("a source that cannot be asked (%s) is a TypeError", async (bad) => {
  await expect(TokenWatcher.start(foreign(bad))).rejects.toThrow(/^source must be a TokenSource/)
})

test("a bare source that spends what works once is refused: a restart would present it again", async () => {
  const source = { singleUse: true, getToken: () => Promise.reject(new Error("not asked")) }
  await expect(TokenWatcher.start(source)).rejects.toThrow(
    new TypeError("source spends a refresh token that works once: wrap it in a CachedTokenSource with a durable cache"),
  )
})
