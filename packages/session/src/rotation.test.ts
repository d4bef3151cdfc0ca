import { expect, test } from "vitest"
import { Browser } from "./testing/browser.js"
import { ALICE, MINUTE_MS, rotationScene as scene, serverOf } from "./testing/rotation-scene.js"

test("a fresh cookie's token asks nobody: neither the database nor the issuer", async () => {
  const { tokens, browser, read, database, issuer } = await scene()
  expect(await read(tokens.accessToken(browser.request()))).toBe("access-1")
  expect([database.statements, issuer.requests]).toEqual([[], []])
})

test("200 requests of one user with a stale cookie, on 4 servers: one renewal, and each has the new cookie", async () => {
  const { clock, managers, tokens, browser, until, told, read, issuer } = await scene({ servers: 4 })
  await clock.advance(50 * MINUTE_MS)
  const requests = Array.from({ length: 200 }, (_, i) => {
    const own = new Browser()
    for (const [name, value] of browser.cookies) own.cookies.set(name, value)
    return { own, request: told(serverOf(managers, i).accessToken(own.request())) }
  })
  await until(() => requests.every(({ request }) => request.told !== ""))
  expect(new Set(requests.map(({ request }) => request.told))).toEqual(new Set(["access-2"]))
  expect(issuer.requests).toEqual(["refresh-1"])
  for (const { own } of requests) expect(await read(tokens.accessToken(own.request()))).toBe("access-2")
  expect(issuer.requests).toHaveLength(1)
})

test("while the issuer is down the old token serves, until its end", async () => {
  const { clock, tokens, browser, read, issuer } = await scene()
  issuer.isDown = true
  await clock.advance(50 * MINUTE_MS)
  const before = browser.cookieHeader
  expect(await read(tokens.accessToken(browser.request()))).toBe("access-1")
  expect(browser.cookieHeader).toBe(before)
  await clock.advance(11 * MINUTE_MS)
  expect(await read(tokens.accessToken(browser.request()))).toBe("ERR_TOKEN_REQUEST")
  issuer.isDown = false
  await clock.advance(2 * MINUTE_MS)
  expect(await read(tokens.accessToken(browser.request()))).toBe("access-2")
})

test("while the database is down the old token serves, until its end", async () => {
  const { clock, tokens, browser, read, database } = await scene()
  database.isDown = true
  await clock.advance(50 * MINUTE_MS)
  expect(await read(tokens.accessToken(browser.request()))).toBe("access-1")
  await clock.advance(11 * MINUTE_MS)
  expect(await read(tokens.accessToken(browser.request()))).toBe("ERR_TOKEN_CACHE")
  database.isDown = false
  expect(await read(tokens.accessToken(browser.request()))).toBe("access-2")
})

test("a renewal that takes too long holds no request up, and the next one has its token", async () => {
  const { clock, tokens, browser, until, told, read, issuer } = await scene()
  await clock.advance(50 * MINUTE_MS)
  const answer = issuer.hold()
  const request = told(tokens.accessToken(browser.request()))
  await until(() => issuer.requests.length > 0)
  await clock.advance(2_000)
  expect(request.told).toBe("access-1")
  answer()
  expect(await read(tokens.accessToken(browser.request()))).toBe("access-2")
  expect(issuer.requests).toHaveLength(1)
})

test("calls of one request share the renewal, and the one cookie of it", async () => {
  const { clock, tokens, browser, until, told, issuer } = await scene()
  await clock.advance(50 * MINUTE_MS)
  const written: string[] = []
  const context = { ...browser.request(), appendSetCookie: (value: string) => written.push(value) }
  const calls = Array.from({ length: 10 }, () => told(tokens.accessToken(context)))
  await until(() => calls.every((call) => call.told !== ""))
  expect(new Set(calls.map((call) => call.told))).toEqual(new Set(["access-2"]))
  expect([written.length, issuer.requests.length]).toEqual([1, 1])
})

test("who signs out between a renewal and its cookie gets none", async () => {
  const { clock, tokens, browser, read, database } = await scene()
  await clock.advance(50 * MINUTE_MS)
  let saves = 0
  // claimed, marked, written, released
  database.afterSave = () => ++saves === 4 && database.rows.clear()
  expect(await read(tokens.accessToken(browser.request()))).toBe("ERR_NOT_SIGNED_IN")
  expect(browser.cookies.size).toBe(0)
})

test("a database that hangs holds no request up, either", async () => {
  const { clock, tokens, browser, until, told, database } = await scene()
  await clock.advance(50 * MINUTE_MS)
  database.hangs = true
  const request = told(tokens.accessToken(browser.request()))
  const begun = clock.now()
  await until(() => request.told !== "")
  expect([request.told, clock.now() - begun < 3_000]).toEqual(["access-1", true])
  await clock.advance(11 * MINUTE_MS)
  const late = told(tokens.accessToken(browser.request()))
  await until(() => late.told !== "")
  expect(late.told).toBe("ERR_TOKEN_CACHE")
})

test("a refused cookie of a user who is known otherwise is replaced", async () => {
  const { tokens, browser, read } = await scene()
  browser.cookies.set("__Host-access", "tampered")
  expect(await read(tokens.accessToken(browser.request()))).toBe("ERR_COOKIE_REFUSED")
  expect(await read(tokens.accessToken(browser.request(ALICE.userId)))).toBe("access-1")
  expect(await read(tokens.accessToken(browser.request()))).toBe("access-1")
})

test.each(["here", "on another server"])(
  "signing out %s while a renewal is under way wins: nothing is written back",
  async (where) => {
    const { clock, managers, tokens, browser, until, told, issuer, database } = await scene({ servers: 2 })
    await clock.advance(61 * MINUTE_MS)
    const answer = issuer.hold()
    const stale = browser.request()
    const request = told(tokens.accessToken(stale))
    await until(() => issuer.requests.length > 0)
    const leaving = where === "here" ? tokens : serverOf(managers, 1)
    expect(await leaving.deleteMany(browser.request(), ["access", "refresh"])).toEqual({
      removed: ["access", "refresh"],
    })
    answer()
    await until(() => request.told !== "")
    expect(request.told).toBe("ERR_NOT_SIGNED_IN")
    expect([browser.cookies.size, database.rows.size]).toEqual([0, 0])
  },
)

test("who has signed out elsewhere is not served past that: the cookie is removed", async () => {
  const { clock, tokens, browser, read } = await scene()
  await clock.advance(50 * MINUTE_MS)
  await tokens.delete(new Browser().request(), "refresh", ALICE)
  expect(await read(tokens.accessToken(browser.request()))).toBe("ERR_NOT_SIGNED_IN")
  expect(browser.cookies.size).toBe(0)
})

test("a stale cookie from before the last sign-out is no way into the session after it", async () => {
  const { clock, tokens, browser, read, signIn } = await scene()
  const stolen = new Browser()
  for (const [name, value] of browser.cookies) stolen.cookies.set(name, value)
  await clock.advance(50 * MINUTE_MS)
  await tokens.deleteMany(browser.request(), ["access", "refresh"])
  await signIn()
  expect(await read(tokens.accessToken(stolen.request()))).toBe("ERR_NOT_SIGNED_IN")
  expect(await read(tokens.accessToken(browser.request()))).toBe("access-2")
})

test.each([30_000, 300_000])(
  "servers' clocks are %i ms apart, and tokens short: who signed in where it is late stays so where it is early",
  async (apartMs) => {
    const { clock, managers, browser, read, issuer, signIn } = await scene({ servers: 2, aheadMs: [apartMs, 0] })
    issuer.lifetimeMs = 2 * MINUTE_MS
    await signIn()
    const early = serverOf(managers, 1)
    let last = ""
    for (let minute = 0; minute < 8; minute++) {
      await clock.advance(MINUTE_MS)
      last = await read(early.accessToken(browser.request()))
      expect(last).toMatch(/^access-/)
    }
    expect(last).not.toBe("access-2")
  },
)

test("signing in with a second browser leaves the first one signed in", async () => {
  const { clock, tokens, browser, read, signIn } = await scene()
  await clock.advance(10 * MINUTE_MS)
  const second = new Browser()
  await signIn(second)
  await clock.advance(40 * MINUTE_MS)
  expect(await read(tokens.accessToken(browser.request()))).toBe("access-2")
})

test("a row that was put back to what it was before is refused, and its spent refresh token not presented", async () => {
  const { clock, tokens, browser, read, issuer, database } = await scene()
  const old = new Map(database.rows)
  await clock.advance(50 * MINUTE_MS)
  expect(await read(tokens.accessToken(browser.request()))).toBe("access-2")
  for (const [place, value] of old) database.rows.set(place, value)
  await clock.advance(61 * MINUTE_MS)
  expect(await read(tokens.accessToken(browser.request()))).toBe("ERR_ROW_REFUSED")
  expect(issuer.requests).toEqual(["refresh-1"])
})

test("a row moved to another user is refused", async () => {
  const { clock, tokens, browser, read, database, signIn } = await scene()
  const mallory = new Browser()
  await signIn(mallory, "mallory")
  database.rows.set("mallory/refresh", database.rows.get("alice/refresh") ?? "")
  await clock.advance(61 * MINUTE_MS)
  expect(await read(tokens.accessToken(mallory.request()))).toBe("ERR_ROW_REFUSED")
  expect(await read(tokens.accessToken(browser.request()))).toBe("access-3")
})

test("a refresh token that the issuer has refused: the token serves until its end, then somebody is to sign in", async () => {
  const { clock, tokens, browser, read, issuer } = await scene()
  await issuer.source.getToken({ previous: issuer.signIn().with({ refreshToken: "refresh-1" }) })
  await clock.advance(50 * MINUTE_MS)
  expect(await read(tokens.accessToken(browser.request()))).toBe("access-1")
  await clock.advance(11 * MINUTE_MS)
  expect(await read(tokens.accessToken(browser.request()))).toBe("ERR_NOT_SIGNED_IN")
})

test("nobody is signed in: that is what is told", async () => {
  const { tokens, read } = await scene()
  expect(await read(tokens.accessToken(new Browser().request()))).toBe("ERR_NOT_SIGNED_IN")
})

test("who is known by the application needs no cookie: it is made from the row", async () => {
  const { tokens, read } = await scene()
  const fresh = new Browser()
  expect(await read(tokens.accessToken(fresh.request(ALICE.userId)))).toBe("access-1")
  expect(await read(tokens.accessToken(fresh.request()))).toBe("access-1")
})
