import { describe, expect, test } from "vitest"
import { CookieStrategy } from "./cookie/cookie-strategy.js"
import { Browser } from "./testing/browser.js"
import { ALICE, MINUTE_MS, rotationScene as scene } from "./testing/rotation-scene.js"

/** As Node.js has it once the headers are sent. */
function responseThatIsSent(browser: Browser) {
  return {
    ...browser.request(),
    appendSetCookie: () => {
      throw Object.assign(new Error("Cannot append headers after they are sent"), { code: "ERR_HTTP_HEADERS_SENT" })
    },
  }
}

test("all that one request waits for a renewal is once as long as it waits for one call, however many it makes", async () => {
  const { clock, tokens, browser, until, told, issuer } = await scene()
  await clock.advance(50 * MINUTE_MS)
  issuer.hold()
  const context = browser.request()
  const begun = clock.now()
  for (let call = 0; call < 5; call++) {
    const request = told(tokens.accessToken(context))
    await until(() => request.told !== "")
    expect(request.told).toBe("access-1")
  }
  expect(clock.now() - begun).toBeLessThan(3_000)
  expect(issuer.requests).toHaveLength(1)
})

test("who has waited for a token in vain does not wait a second time in one request, but in the next, or once signed in", async () => {
  const { clock, tokens, browser, database, until, told, read, issuer } = await scene()
  await clock.advance(61 * MINUTE_MS)
  database.hangs = true
  const context = browser.request()
  const first = told(tokens.accessToken(context))
  await until(() => first.told !== "")
  const begun = clock.now()
  expect([first.told, await read(tokens.accessToken(context))]).toEqual(["ERR_TOKEN_CACHE", "ERR_TOKEN_CACHE"])
  expect(clock.now() - begun).toBeLessThan(1_000)
  database.hangs = false
  expect(await read(tokens.accessToken(browser.request()))).toBe("access-2")
  await tokens.set(context, "access", issuer.signIn(), ALICE)
  expect(await read(tokens.accessToken(context))).toBe("access-3")
})

describe("when the response is already sent", () => {
  test("a renewed token is given all the same, and the next request sets the cookie", async () => {
    const { clock, tokens, browser, read, issuer } = await scene()
    await clock.advance(61 * MINUTE_MS)
    expect(await read(tokens.accessToken(responseThatIsSent(browser)))).toBe("access-2")
    expect(await read(tokens.accessToken(browser.request()))).toBe("access-2")
    const [, value = ""] = browser.cookieHeader?.split("=") ?? []
    expect(value).not.toBe("")
    expect(issuer.requests).toHaveLength(1)
  })

  test("who is not signed in any more is told so", async () => {
    const { clock, tokens, browser, read } = await scene()
    await clock.advance(50 * MINUTE_MS)
    await tokens.delete(new Browser().request(), "refresh", ALICE)
    expect(await read(tokens.accessToken(responseThatIsSent(browser)))).toBe("ERR_NOT_SIGNED_IN")
  })
})

describe("in the browser of one user, a call for another one", () => {
  test("leaves the cookie alone, whether that one is signed in or not", async () => {
    const { tokens, browser, read, signIn } = await scene()
    await signIn(new Browser(), "bob")
    const before = browser.cookieHeader
    expect(await read(tokens.accessToken(browser.request(), { userId: "bob" }))).toBe("access-2")
    expect(browser.cookieHeader).toBe(before)
    expect(await read(tokens.accessToken(browser.request(), { userId: "carol" }))).toBe("ERR_NOT_SIGNED_IN")
    expect(browser.cookieHeader).toBe(before)
  })

  test("replaces the cookie if the application says that it is that one who asks", async () => {
    const { tokens, browser, read, signIn } = await scene()
    await signIn(new Browser(), "bob")
    expect(await read(tokens.accessToken(browser.request("bob")))).toBe("access-2")
    expect(await read(tokens.accessToken(browser.request()))).toBe("access-2")
  })

  test("is answered for each, at once, too", async () => {
    const { clock, tokens, browser, told, until, signIn } = await scene()
    await signIn(new Browser(), "bob")
    await clock.advance(50 * MINUTE_MS)
    const context = browser.request()
    const users = [undefined, "bob", undefined, "bob"]
    const calls = users.map((userId) => told(tokens.accessToken(context, { userId })))
    await until(() => calls.every((call) => call.told !== ""))
    const answers = calls.map((call) => call.told)
    expect(new Set(answers.filter((_, i) => users[i] === undefined)).size).toBe(1)
    expect(answers[0]).not.toBe(answers[1])
    expect(answers[1]).toBe(answers[3])
  })
})

describe("in a request that is renewing", () => {
  test.each(["load", "save"])("who signs out after any %s of it has no cookie after it", async (statement) => {
    const reached = { nth: 1 }
    for (let nth = 1; nth === reached.nth; nth++) {
      const { clock, tokens, browser, read, database } = await scene()
      await clock.advance(50 * MINUTE_MS)
      const context = browser.request()
      let count = 0
      database.after = (done) => {
        if (done !== statement || ++count !== nth) return
        reached.nth++
        void tokens.deleteMany(context, ["access", "refresh"])
      }
      await read(tokens.accessToken(context))
      expect(browser.cookies.size, `${statement} ${nth} of ${count}`).toBe(reached.nth > nth ? 0 : 1)
    }
  })

  test("who signs in has the cookie of that", async () => {
    const { clock, tokens, browser, issuer, read } = await scene()
    await clock.advance(50 * MINUTE_MS)
    const context = browser.request()
    const renewal = read(tokens.accessToken(context))
    const signedIn = tokens.set(context, "access", issuer.signIn(), ALICE)
    await Promise.all([renewal, signedIn])
    expect((await tokens.get(browser.request(), "access"))?.accessToken).toBe("access-2")
  })
})

test.each(["set first", "deleted first"])(
  "of a cookie that is set and deleted at once, %s, the browser and this request know the same",
  async (order) => {
    const { tokens, browser, issuer } = await scene()
    const context = browser.request()
    const set = () => tokens.set(context, "access", issuer.signIn(), ALICE)
    const remove = () => tokens.delete(context, "access", ALICE)
    const [first, second] = order === "set first" ? [set, remove] : [remove, set]
    await Promise.all([first(), second()])
    const here = await tokens.get(context, "access")
    expect((await tokens.get(browser.request(), "access"))?.accessToken).toBe(here?.accessToken)
  },
)

describe("who signs out in a request whose cookie is gone already has no row after it", () => {
  test("since the middleware had to say that nobody is signed in", async () => {
    const { clock, tokens, browser, issuer, database, read } = await scene()
    await issuer.source.getToken({ previous: issuer.signIn().with({ refreshToken: "refresh-1" }) })
    await clock.advance(61 * MINUTE_MS)
    const context = browser.request()
    expect(await read(tokens.accessToken(context))).toBe("ERR_NOT_SIGNED_IN")
    expect([browser.cookies.size, database.rows.size]).toEqual([0, 1])
    expect(await tokens.deleteMany(context, ["access", "refresh"])).toEqual({ removed: ["refresh"] })
    expect(database.rows.size).toBe(0)
  })

  test("since it was deleted on its own, and by nobody whose cookie was refused", async () => {
    const { tokens, browser, database } = await scene()
    const tampered = { ...browser.request(), cookieHeader: `${browser.cookieHeader}x` }
    const context = browser.request()
    expect(await tokens.delete(tampered, "refresh")).toBe(false)
    expect(await tokens.delete(context, "access")).toBe(true)
    expect(await tokens.delete(context, "refresh")).toBe(true)
    expect(database.rows.size).toBe(0)
  })
})

test("a cookie that is removed while it is being written is gone: the last call has the last word", async () => {
  const { clock, issuer, browser } = await scene()
  const signingKeys = [Uint8Array.from({ length: 32 }, (_, i) => i * 5)]
  const cookies = new CookieStrategy("access", { strategy: "cookie", signingKeys, clock })
  const context = browser.request()
  const written = cookies.write(context, { userId: "alice", token: issuer.signIn() })
  cookies.clear(context)
  await written
  expect([browser.cookies.size, await cookies.read(context)]).toEqual([0, undefined])
})
