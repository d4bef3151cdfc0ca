import { expect, test, vi } from "vitest"
import { CachedTokenSource } from "./cached-token-source.js"
import { noJitter } from "./jitter.js"
import { seededRandom } from "./random.js"
import { errorOf, ScriptedSource, tokenOf } from "./testing/internal/answering-source.js"
import { Deferred } from "./testing/internal/deferred.js"
import { VirtualClock } from "./testing/virtual-clock.js"
import { TokenPool, type TokenPoolOptions } from "./token-pool.js"
import type { TokenSource } from "./token-source.js"
import type { Token } from "./token.js"

const HOUR = 3_600_000

/** A pool of scripted sources, by key, and every one that was made. */
function poolOf(clock: VirtualClock, options: TokenPoolOptions = {}, scripts: Readonly<Record<string, Error[]>> = {}) {
  const made: { readonly key: string; readonly source: ScriptedSource }[] = []
  const create = vi.fn((key: string) => {
    const source = new ScriptedSource(clock, scripts[key])
    made.push({ key, source })
    return source
  })
  const pool = new TokenPool(create, { clock, random: seededRandom(3), jitter: noJitter, ...options })
  const sourceOf = (key: string) => {
    const found = made.findLast((one) => one.key === key)
    if (found === undefined) throw new Error(`no source was made for ${key}`)
    return found.source
  }
  return { pool, made, sourceOf }
}

test("each key has a token of its own, made at its first use, and reading it asks nobody", async () => {
  const { pool, made, sourceOf } = poolOf(new VirtualClock())
  await Promise.all(["a", "b"].flatMap((key) => Array.from({ length: 50 }, () => pool.getToken(key))))
  for (let reads = 0; reads < 100; reads++) expect(pool.current("a").accessToken).toBe("token-1")
  expect(made.map(({ key }) => key)).toEqual(["a", "b"])
  expect([sourceOf("a").asked, sourceOf("b").asked]).toEqual([1, 1])
  expect(pool.getToken("a")).not.toBe(pool.getToken("b"))
  await pool.close()
})

test("the first reading of a key begins, and says what to do", async () => {
  const { pool } = poolOf(new VirtualClock())
  expect(() => pool.current("a")).toThrow(expect.objectContaining({ code: "ERR_TOKEN_EXPIRED" }))
  await pool.getToken("a")
  expect(pool.current("a").accessToken).toBe("token-1")
  await pool.close()
})

test("every key is renewed by itself, all of them by one timer", async () => {
  const clock = new VirtualClock()
  const { pool, made } = poolOf(clock, { idleMs: 10 * HOUR })
  await Promise.all(Array.from({ length: 100 }, (_, n) => pool.getToken(`key-${n}`)))
  expect(clock.pendingTimers).toBe(1)
  expect(clock.refTimers).toBe(0)
  await clock.advance(HOUR)
  expect(made.map(({ source }) => source.asked)).toEqual(Array.from({ length: 100 }, () => 2))
  await pool.close()
  expect(clock.pendingTimers).toBe(0)
})

test("no more than so many sources are asked at once, those without a valid token first", async () => {
  const clock = new VirtualClock()
  const answers: Deferred<Token>[] = []
  const asked: string[] = []
  const create = (key: string): TokenSource => ({
    getToken: () => {
      asked.push(key)
      const answer = new Deferred<Token>()
      answers.push(answer)
      return answer.promise
    },
  })
  const pool = new TokenPool(create, { clock, random: seededRandom(3), jitter: noJitter, concurrency: 2 })
  const answer = async () => {
    answers.shift()?.resolve(tokenOf(`token of ${asked.length}`.replaceAll(" ", "-"), clock))
    await clock.advance(0)
  }
  const known = ["a", "b", "c"].map((key) => pool.getToken(key))
  await clock.advance(0)
  expect(asked).toEqual(["a", "b"])
  for (let n = 0; n < 3; n++) await answer()
  await Promise.all(known)
  await clock.advance(0.75 * HOUR)
  expect(asked.slice(3)).toHaveLength(2)
  const cold = pool.getToken("cold")
  await clock.advance(0)
  await answer()
  expect(asked.slice(5)).toEqual(["cold"])
  await answer()
  await answer()
  expect((await cold).accessToken).toMatch(/^token-of/)
  expect(asked.slice(3).toSorted()).toEqual(["a", "b", "c", "cold"])
  await pool.close()
})

test("a source that never answers and heeds no signal counts until it is given up, and then lets others in", async () => {
  const clock = new VirtualClock()
  let hangingNow = 0
  const hanging: TokenSource = {
    getToken: () => {
      hangingNow++
      return new Deferred<Token>().promise
    },
  }
  const create = (key: string) => (key === "good" ? new ScriptedSource(clock) : hanging)
  const pool = new TokenPool(create, { clock, random: seededRandom(3), concurrency: 2, startTimeoutMs: 1_000 })
  const hopeless = Promise.allSettled(["a", "b"].map((key) => pool.getToken(key)))
  const waiting = pool.getToken("c").catch(() => undefined)
  await clock.advance(59_999)
  expect(hangingNow).toBe(2)
  await clock.advance(1)
  expect(hangingNow).toBe(3)
  expect(await hopeless).toMatchObject([{ status: "rejected" }, { status: "rejected" }])
  let served: string | undefined
  void pool.getToken("good").then(({ accessToken }) => (served = accessToken))
  await clock.advance(0)
  expect(served).toBe("token-1")
  await pool.close()
  await waiting
})

test("time in the queue is not the source's: no more than so many are asked at once, however long the others wait", async () => {
  const clock = new VirtualClock()
  const renewals: string[] = []
  let [atOnce, most] = [0, 0]
  const create = (key: string): TokenSource => ({
    getToken: async ({ newerThan } = {}) => {
      if (newerThan === undefined) return tokenOf(`first-${key}`, clock)
      renewals.push(key)
      most = Math.max(most, ++atOnce)
      await new Promise<void>((resolve) => clock.setTimer(resolve, 40_000))
      atOnce--
      return tokenOf(`second-${key}`, clock)
    },
  })
  const timing = { attemptTimeoutMs: 60_000, jitter: noJitter }
  const pool = new TokenPool(create, { clock, random: seededRandom(3), concurrency: 2, ...timing })
  const keys = ["a", "b", "c", "d", "e", "f", "g", "h"]
  await Promise.all(keys.map((key) => pool.getToken(key)))
  await clock.advance(0.75 * HOUR + 160_000)
  expect([renewals.toSorted(), most]).toEqual([keys, 2])
  expect(keys.map((key) => pool.current(key).accessToken)).toEqual(keys.map((key) => `second-${key}`))
  await pool.close()
})

test("a key that is deleted while it waits for its place is asked for no more", async () => {
  const clock = new VirtualClock()
  const answer = new Deferred<Token>()
  const asked: string[] = []
  const create = (key: string): TokenSource => ({
    getToken: () => {
      asked.push(key)
      return answer.promise
    },
  })
  const pool = new TokenPool(create, { clock, random: seededRandom(3), concurrency: 1 })
  const [first, deleted, last] = ["first", "deleted", "last"].map((key) => pool.getToken(key))
  await clock.advance(0)
  const told = expect(deleted).rejects.toMatchObject({ code: "ERR_TOKEN_SOURCE_CLOSED" })
  await pool.delete("deleted")
  await told
  answer.resolve(tokenOf("t", clock))
  await Promise.all([first, last])
  expect(asked).toEqual(["first", "last"])
  await pool.close()
})

test("after its end a subscription completes, as that of a watcher does", async () => {
  const { pool } = poolOf(new VirtualClock())
  await pool.close()
  const told: string[] = []
  pool.token$("a").subscribe({ error: () => told.push("error"), complete: () => told.push("complete") })
  expect(told).toEqual(["complete"])
})

test("what fails for one key is told to it alone, and while it is backed off its issuer is left alone", async () => {
  const clock = new VirtualClock()
  const refused = Array.from({ length: 50 }, () => errorOf("ERR_TOKEN_RESPONSE", { transient: false }))
  const { pool, sourceOf } = poolOf(clock, {}, { bad: refused })
  for (let n = 0; n < 20; n++) {
    await expect(pool.getToken("bad")).rejects.toMatchObject({ code: "ERR_TOKEN_RESPONSE" })
  }
  expect(sourceOf("bad").asked).toBe(1)
  expect((await pool.getToken("good")).accessToken).toBe("token-1")
  await pool.close()
})

test("beyond its size the least recently used key is closed, and begins anew at its next use", async () => {
  const { pool, made, sourceOf } = poolOf(new VirtualClock(), { maximumSize: 2 })
  await pool.getToken("a")
  await pool.getToken("b")
  pool.current("a")
  await pool.getToken("c")
  expect(pool.size).toBe(2)
  expect(sourceOf("b").closedWith).toHaveLength(1)
  expect(pool.current("a").accessToken).toBe("token-1")
  expect(made.map(({ key }) => key)).toEqual(["a", "b", "c"])
  await pool.getToken("b")
  expect(made.map(({ key }) => key)).toEqual(["a", "b", "c", "b"])
  await pool.close()
})

test("a key that somebody subscribes to or waits for is not closed for want of room", async () => {
  const { pool, sourceOf } = poolOf(new VirtualClock(), { maximumSize: 1 })
  const tokens: string[] = []
  const subscription = pool.token$("a").subscribe((token) => tokens.push(token.accessToken))
  const waited = pool.getToken("b")
  await pool.getToken("c")
  expect((await waited).accessToken).toBe("token-1")
  expect([sourceOf("a").closedWith.length, tokens]).toEqual([0, ["token-1"]])
  subscription.unsubscribe()
  await pool.getToken("d")
  expect([sourceOf("a").closedWith.length, pool.size]).toEqual([1, 1])
  await pool.close()
})

test("a key that nobody used for a while is closed, one in use is not, and then nothing is left running", async () => {
  const clock = new VirtualClock()
  const { pool, sourceOf } = poolOf(clock, { idleMs: 60_000 })
  await pool.getToken("idle")
  await pool.getToken("used")
  for (let minutes = 0; minutes < 3; minutes++) {
    await clock.advance(59_000)
    pool.current("used")
    await clock.advance(1_000)
    expect(clock.refTimers).toBe(0)
  }
  expect([sourceOf("idle").closedWith.length, sourceOf("used").closedWith.length]).toEqual([1, 0])
  await clock.advance(180_000)
  expect([pool.size, clock.pendingTimers]).toEqual([0, 0])
  await pool.close()
})

test("keys that are made all the time do not put off that an idle one is closed", async () => {
  const clock = new VirtualClock()
  const { pool, sourceOf } = poolOf(clock, { idleMs: 60_000 })
  await pool.getToken("idle")
  for (let n = 0; n < 4; n++) {
    await clock.advance(30_000)
    await pool.getToken(`key-${n}`)
  }
  expect(sourceOf("idle").closedWith).toHaveLength(1)
  await pool.close()
})

test("a token that was rejected is renewed once, for its own key", async () => {
  const { pool, sourceOf } = poolOf(new VirtualClock(), { minimumIntervalMs: 0 })
  const rejected = await pool.getToken("a")
  await pool.getToken("b")
  pool.invalidate("a", rejected)
  const newer = await Promise.all(Array.from({ length: 50 }, () => pool.getToken("a", { newerThan: rejected })))
  expect(new Set(newer.map(({ accessToken }) => accessToken))).toEqual(new Set(["token-2"]))
  expect([sourceOf("a").asked, sourceOf("b").asked]).toEqual([2, 1])
  expect((await pool.refresh("b")).accessToken).toBe("token-2")
  pool.invalidate("unknown", rejected)
  expect(pool.size).toBe(2)
  await pool.close()
})

test("invalidate() alone renews the token of its key, in the background", async () => {
  const clock = new VirtualClock()
  const { pool, sourceOf } = poolOf(clock, { minimumIntervalMs: 0 })
  await Promise.all(["a", "b"].map((key) => pool.getToken(key)))
  pool.invalidate("a", pool.current("a"))
  await clock.advance(0)
  expect([pool.current("a").accessToken, sourceOf("a").asked, sourceOf("b").asked]).toEqual(["token-2", 2, 1])
  await pool.close()
})

test("a key is a token source, whatever becomes of it in the pool", async () => {
  const { pool, made } = poolOf(new VirtualClock())
  const source = pool.source("a")
  expect([source.atHand?.(), made.length]).toEqual([undefined, 0])
  expect((await source.getToken()).accessToken).toBe("token-1")
  expect(source.atHand?.()).toBe(pool.current("a"))
  await pool.delete("a")
  await pool.delete("a")
  expect((await source.getToken()).accessToken).toBe("token-1")
  expect(made).toHaveLength(2)
  await pool.close()
})

test("a key served past its end is not served any more once its source was signed out elsewhere", async () => {
  const clock = new VirtualClock()
  const refused = errorOf("ERR_REAUTHENTICATION_REQUIRED", { transient: false })
  const source = new ScriptedSource(clock, [tokenOf("t", clock), ...Array.from({ length: 1_000 }, () => refused)])
  const cached = new CachedTokenSource(source, { clock, random: seededRandom(1) })
  const pool = new TokenPool(() => cached, { clock, random: seededRandom(3), jitter: noJitter, serveExpiredMs: HOUR })
  await pool.getToken("a")
  await clock.advance(1.5 * HOUR)
  expect(pool.current("a").accessToken).toBe("t")
  await cached.signOut()
  await clock.advance(0)
  expect(() => pool.current("a")).toThrow(expect.objectContaining({ code: "ERR_REAUTHENTICATION_REQUIRED" }))
  await pool.close()
})

test("a key that was signed out stays so until it is deleted", async () => {
  const clock = new VirtualClock()
  let signedOut = 0
  const pool = new TokenPool(
    () => ({ getToken: async () => tokenOf("t", clock), signOut: async () => void signedOut++ }),
    { clock },
  )
  await pool.getToken("a")
  await pool.signOut("a")
  expect(signedOut).toBe(1)
  expect(() => pool.current("a")).toThrow(expect.objectContaining({ code: "ERR_REAUTHENTICATION_REQUIRED" }))
  await pool.delete("a")
  expect((await pool.getToken("a")).accessToken).toBe("t")
  await pool.close()
})

test("after close() every source is closed, and every reading says so", async () => {
  const { pool, made } = poolOf(new VirtualClock())
  const completed = vi.fn()
  pool.token$("a").subscribe({ complete: completed })
  await pool.getToken("a")
  await pool[Symbol.asyncDispose]()
  expect(completed).toHaveBeenCalledOnce()
  expect(made.map(({ source }) => source.closedWith.length)).toEqual([1])
  const closed = { code: "ERR_TOKEN_SOURCE_CLOSED" }
  expect(() => pool.current("a")).toThrow(expect.objectContaining(closed))
  await expect(pool.getToken("b")).rejects.toMatchObject(closed)
  expect(pool.size).toBe(0)
})

test("an application's own error from createSource reaches who asked, and leaves no key behind", async () => {
  const pool = new TokenPool((key) => {
    throw new RangeError(`no such tenant: ${key}`)
  })
  expect(() => pool.current("x")).toThrow(RangeError)
  await expect(pool.getToken("x")).rejects.toThrow("no such tenant: x")
  expect(pool.size).toBe(0)
  await pool.close()
})

test.each(["", undefined, 7])("a key that is no name is a TypeError: %s", async (key) => {
  const { pool } = poolOf(new VirtualClock())
  const message = "key must be a string, and not empty"
  expect(() => pool.current(key as string)).toThrow(TypeError(message))
  await expect(pool.getToken(key as string)).rejects.toThrow(TypeError(message))
  expect(() => pool.token$(key as string)).toThrow(TypeError(message))
  expect(() => pool.source(key as string)).toThrow(TypeError(message))
  expect(pool.size).toBe(0)
})

test.each([
  ["createSource must be a function", 7, {}],
  ["maximumSize must be a whole number", () => undefined, { maximumSize: 0 }],
  ["concurrency must be a whole number", () => undefined, { concurrency: 1.5 }],
  ["idleMs must be milliseconds", () => undefined, { idleMs: -1 }],
  ["options must be an object", () => undefined, null],
  ["minimumIntervalMs must be milliseconds", () => undefined, { minimumIntervalMs: NaN }],
])("a bad option is a TypeError: %s", (message, createSource, options) => {
  expect(() => new TokenPool(createSource as never, options as never)).toThrow(TypeError)
  expect(() => new TokenPool(createSource as never, options as never)).toThrow(new RegExp(`^${message}`))
})

test("a source that spends what works once, without a durable cache, is refused at its key's first use", async () => {
  const pool = new TokenPool(() => ({ singleUse: true, getToken: () => Promise.reject(new Error("not asked")) }))
  await expect(pool.getToken("a")).rejects.toThrow(/^source spends a refresh token that works once/)
  await pool.close()
})
