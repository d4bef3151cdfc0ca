import { inspect } from "node:util"
import { Token, type TokenFields } from "evertoken"
import { VirtualClock } from "evertoken/testing"
import { describe, expect, test } from "vitest"
import { CookieJar, type JarRequest } from "../testing/cookie-jar.js"
import type { CookieType } from "../token-types.js"
import { CookieStrategy } from "./cookie-strategy.js"
import { SigningKeys } from "./signing-keys.js"

const keyBytes = (seed: number) => Uint8Array.from({ length: 32 }, (_, index) => (index * 37 + seed * 101) % 256)

function arrange(options: Omit<CookieType, "strategy"> = {}, keys = [keyBytes(1)]) {
  const clock = new VirtualClock()
  const browser = new CookieJar(() => clock.now())
  const strategyWith = (others: Omit<CookieType, "strategy">, material = keys, type = "access") =>
    new CookieStrategy(type, { strategy: "cookie", ...others, signingKeys: material, clock })
  const token = (fields: Partial<TokenFields> = {}) => {
    const issuedAt = clock.now()
    const times = { issuedAt, staleAt: issuedAt + 45_000, expiresAt: issuedAt + 60_000 }
    return new Token({ accessToken: "secret-access-token", ...times, ...fields })
  }
  return { clock, browser, strategy: strategyWith(options), strategyWith, token }
}

const at = (context: JarRequest, userId?: string) => ({ context, type: "access", userId })
const large = (bytes: number) => "x".repeat(bytes)
const refused = { name: "SessionError", code: "ERR_COOKIE_REFUSED" }

describe("a token in a signed cookie", () => {
  test("comes back with the next request, and the user's name with it", async () => {
    const { strategy, browser, token } = arrange()
    const version = { lineage: "a lineage", generation: 7, id: "0123456789abcdef" }
    const given = token({ scope: "openid mail", tokenType: "DPoP", version })
    await strategy.set(at(browser.request(), "ärger 🙂"), given)
    expect(browser.names).toEqual(["__Host-access"])
    expect(await strategy.get(at(browser.request()))).toEqual(given)
    const reading = await strategy.read(browser.request())
    expect(reading).toMatchObject({ userId: "ärger 🙂", status: "fresh", token: { version, tokenType: "DPoP" } })
    expect(reading?.token.accessToken).toBe("secret-access-token")
  })

  test("comes without the refresh token and the id token, in this request and in the next", async () => {
    const { strategy, browser, token } = arrange()
    const request = browser.request()
    const secrets = { refreshToken: "refresh-secret", refreshTokenExpiresAt: 8e15, idToken: "id-secret" }
    await strategy.set(at(request, "u"), token(secrets))
    for (const context of [request, browser.request()]) {
      const got = await strategy.get(at(context))
      expect(got?.accessToken).toBe("secret-access-token")
      expect([got?.refreshToken, got?.refreshTokenExpiresAt, got?.idToken]).toEqual([undefined, undefined, undefined])
    }
    const [, payload = ""] = (browser.value("__Host-access") ?? "").split(".")
    expect(Buffer.from(payload, "base64url").toString()).not.toMatch(/refresh|id-secret/)
  })

  test("has the claims of a JWT, its times to the millisecond, and nothing that was not there", async () => {
    const { strategy, browser, clock, token } = arrange({ idleTimeoutMs: 30_500 })
    await strategy.set(at(browser.request(), "u"), token())
    const [header = "", payload = ""] = (browser.value("__Host-access") ?? "").split(".")
    const read = (part: string): unknown => JSON.parse(Buffer.from(part, "base64url").toString())
    const kid = new SigningKeys([keyBytes(1)]).first.id
    expect(read(header)).toEqual({ alg: "HS256", typ: "evertoken-cookie+jwt", kid })
    const now = clock.now()
    expect(read(payload)).toEqual({
      ...{ aud: "access", sub: "u", iat: Math.floor(now / 1000), exp: Math.ceil((now + 90_500) / 1000) },
      ...{ accessToken: "secret-access-token", tokenType: "Bearer" },
      ...{ issuedAt: now, staleAt: now + 45_000, expiresAt: now + 60_000 },
    })
  })

  test("ends in the browser with the token, and is stale before that", async () => {
    const { strategy, browser, clock, token } = arrange()
    await strategy.set(at(browser.request(), "u"), token())
    const { header } = browser
    await clock.advance(44_999)
    expect(await strategy.read(browser.request())).toMatchObject({ status: "fresh" })
    await clock.advance(1)
    expect(await strategy.read(browser.request())).toMatchObject({ status: "stale" })
    expect(await strategy.get(at(browser.request()))).toBeInstanceOf(Token)
    await clock.advance(15_000)
    expect(browser.names).toEqual([])
    // a browser, or a thief, who keeps it for longer
    expect(await strategy.get(at(browser.request(header)))).toBeUndefined()
    expect(await strategy.read(browser.request(header))).toBeUndefined()
  })

  test("says until its idle time-out who the user is, though the token has ended", async () => {
    const { strategy, browser, clock, token } = arrange({ idleTimeoutMs: 3_600_000 })
    const version = { lineage: "l", generation: 3, id: "i" }
    await strategy.set(at(browser.request(), "u"), token({ version }))
    const { header } = browser
    await clock.advance(60_000)
    expect(await strategy.get(at(browser.request()))).toBeUndefined()
    expect(await strategy.read(browser.request())).toMatchObject({ userId: "u", status: "expired", token: { version } })
    await clock.advance(3_600_000)
    expect(browser.names).toEqual([])
    expect(await strategy.read(browser.request(header))).toBeUndefined()
  })

  test("an idle time-out that is shortened holds for the cookies that are there, a longer one does not", async () => {
    const { strategy, strategyWith, browser, clock, token } = arrange({ idleTimeoutMs: 3_600_000 })
    await strategy.set(at(browser.request(), "u"), token())
    const { header } = browser
    await clock.advance(120_000)
    expect(await strategyWith({ idleTimeoutMs: 30_000 }).read(browser.request())).toBeUndefined()
    expect(await strategy.read(browser.request())).toMatchObject({ status: "expired" })
    await clock.advance(3_600_000)
    expect(await strategyWith({ idleTimeoutMs: 86_400_000 }).read(browser.request(header))).toBeUndefined()
  })

  test("says when it was written, which may be long after the token was issued", async () => {
    const { strategy, browser, clock, token } = arrange()
    const given = token()
    await clock.advance(30_000)
    const request = browser.request()
    await strategy.write(request, { userId: "u", token: given })
    const writtenAt = clock.now()
    expect(request.written[0]).toContain("; Max-Age=30;")
    await clock.advance(10_000)
    for (const context of [request, browser.request()]) {
      expect(await strategy.read(context)).toMatchObject({ writtenAt, token: { issuedAt: given.issuedAt } })
    }
  })

  test("that has ended already is none, and removes the one that is there", async () => {
    const { strategy, browser, clock, token } = arrange()
    await strategy.set(at(browser.request(), "u"), token())
    const request = browser.request()
    await strategy.set(at(request, "u"), token({ staleAt: clock.now() - 1, expiresAt: clock.now() }))
    expect(browser.names).toEqual([])
    expect(request.written.map((header) => header.split(";")[0])).toEqual(["__Host-access="])
    expect(await strategy.get(at(request))).toBeUndefined()
    expect(await strategy.delete(at(request))).toBe(false)
  })

  test("may be given as a text, with its end; it is stale in its last quarter", async () => {
    const { strategy, browser, clock } = arrange()
    const now = clock.now()
    await strategy.set(at(browser.request(), "u"), "an-access-token", { expiresAt: now + 3_600_000 })
    const got = await strategy.get(at(browser.request()))
    expect(got?.accessToken).toBe("an-access-token")
    expect(got).toMatchObject({ issuedAt: now, staleAt: now + 2_700_000, expiresAt: now + 3_600_000 })
    await strategy.set(at(browser.request(), "u"), "an-access-token", { expiresAt: now })
    expect(await strategy.get(at(browser.request()))).toBeUndefined()
  })

  test("needs a user, and an end: a TypeError says so, and shows nothing of it", async () => {
    const { strategy, browser, token } = arrange()
    const request = browser.request()
    const cases = [
      [strategy.set(at(request), token()), /^userId must say whose access this is/],
      [strategy.set(at(request, ""), token()), /^userId must say whose access this is/],
      [strategy.set(at(request, "u"), "secret-access-token"), /^expiresAt must say when a text ends/],
      [
        strategy.set(at(request, "u"), "secret access token", { expiresAt: 8e15 }),
        /^token: accessToken must be visible/,
      ],
      [strategy.set(at(request, "u"), "secret-access-token", { expiresAt: Number.NaN }), /^token: /],
      [
        strategy.set(at(request, "u"), { accessToken: "secret" } as unknown as Token),
        /^value must be a Token, or a text/,
      ],
    ] as const
    for (const [attempt, message] of cases) {
      const error: unknown = await attempt.catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(TypeError)
      expect(String(error).replace("TypeError: ", "")).toMatch(message)
      expect(String(error)).not.toContain("secret")
    }
    expect(request.written).toEqual([])
  })

  test("a strategy without keys to sign with is a TypeError", () => {
    const { clock } = arrange()
    const create = () => new CookieStrategy("access", { strategy: "cookie", signingKeys: undefined, clock })
    expect(create).toThrow(/^signingKeys must be given: the cookie of access is signed$/)
  })

  test("no cookie is no token", async () => {
    const { strategy, browser } = arrange()
    for (const header of [undefined, "", "other=1; __Host-accessory=2; x__Host-access=3"]) {
      expect(await strategy.get(at(browser.request(header)))).toBeUndefined()
      expect(await strategy.read(browser.request(header))).toBeUndefined()
    }
  })
})

describe("keys rotated while users are signed in", () => {
  test("what the old key has signed is read until it ends, and what is written is signed with the new one", async () => {
    const { strategy, strategyWith, browser, token } = arrange()
    await strategy.set(at(browser.request(), "u"), token())
    const both = strategyWith({}, [keyBytes(2), keyBytes(1)])
    expect(await both.read(browser.request())).toMatchObject({ userId: "u" })
    await both.set(at(browser.request(), "u"), token())
    expect(await strategyWith({}, [keyBytes(2)]).read(browser.request())).toMatchObject({ userId: "u" })
    await expect(strategy.read(browser.request())).rejects.toMatchObject(refused)
  })
})

describe("within one request", () => {
  test("get gives what was set, then nothing once it is deleted, whatever the browser has sent", async () => {
    const { strategy, browser, token } = arrange()
    await strategy.set(at(browser.request(), "u"), token({ accessToken: "before" }))
    const request = browser.request()
    expect((await strategy.get(at(request)))?.accessToken).toBe("before")
    await strategy.set(at(request, "v"), token({ accessToken: "after" }))
    expect(await strategy.read(request)).toMatchObject({ userId: "v", status: "fresh" })
    expect((await strategy.get(at(request)))?.accessToken).toBe("after")
    expect(await strategy.delete(at(request))).toBe(true)
    expect(await strategy.get(at(request))).toBeUndefined()
    expect(await strategy.delete(at(request))).toBe(false)
    expect(browser.names).toEqual([])
  })

  test("a token that is set ends for get, too", async () => {
    const { strategy, browser, clock, token } = arrange()
    const request = browser.request()
    await strategy.set(at(request, "u"), token())
    await clock.advance(60_000)
    expect(await strategy.get(at(request))).toBeUndefined()
  })

  test("another request knows nothing of it", async () => {
    const { strategy, browser, token } = arrange()
    const other = browser.request()
    await strategy.set(at(browser.request(), "u"), token())
    expect(await strategy.get(at(other))).toBeUndefined()
  })

  test("a response that can take no cookie any more has none, and get does not pretend", async () => {
    const { strategy, browser, token } = arrange()
    const cause = new Error("headers are sent")
    const throwing: JarRequest = {
      ...browser.request(),
      appendSetCookie: () => {
        throw cause
      },
    }
    await expect(strategy.set(at(throwing, "u"), token())).rejects.toBe(cause)
    expect(await strategy.get(at(throwing))).toBeUndefined()
  })
})

describe("another user's cookie", () => {
  test("is none for the user who is asked for", async () => {
    const { strategy, browser, token } = arrange()
    await strategy.set(at(browser.request(), "alice"), token())
    expect(await strategy.get(at(browser.request(), "bob"))).toBeUndefined()
    expect(await strategy.get(at(browser.request(), "alice"))).toBeInstanceOf(Token)
  })

  test("stays when that user's token is deleted: who signs out another one goes on", async () => {
    const { strategy, browser, token } = arrange()
    await strategy.set(at(browser.request(), "alice"), token())
    const request = browser.request()
    expect(await strategy.delete(at(request, "bob"))).toBe(false)
    expect(request.written).toEqual([])
    expect(await strategy.delete(at(request, "alice"))).toBe(true)
    expect(browser.names).toEqual([])
  })

  test("goes when the cookie is cleared, whosever it is", async () => {
    const { strategy, browser, token } = arrange()
    await strategy.set(at(browser.request(), "alice"), token())
    const request = browser.request()
    expect(strategy.clear(request)).toBe(true)
    expect(await strategy.read(request)).toBeUndefined()
    expect(strategy.clear(request)).toBe(false)
    expect(browser.names).toEqual([])
  })

  test("is replaced when a user signs in", async () => {
    const { strategy, browser, token } = arrange()
    await strategy.set(at(browser.request(), "alice"), token())
    await strategy.set(at(browser.request(), "bob"), token())
    expect(await strategy.read(browser.request())).toMatchObject({ userId: "bob" })
  })
})

describe("a token too large for one cookie", () => {
  test("is in several, and comes back", async () => {
    const { strategy, browser, token } = arrange()
    for (const [bytes, count] of [
      [5_000, 2],
      [8_000, 3],
    ] as const) {
      await strategy.set(at(browser.request(), "u"), token({ accessToken: large(bytes) }))
      expect(browser.names).toEqual(Array.from({ length: count }, (_, index) => `__Host-access.${index}`))
      expect((await strategy.get(at(browser.request())))?.accessToken).toBe(large(bytes))
    }
  })

  test("leaves nothing of what was there before, nor does a smaller one, nor what is deleted", async () => {
    const { strategy, browser, token } = arrange()
    const set = async (bytes: number) => {
      const request = browser.request()
      await strategy.set(at(request, "u"), token({ accessToken: large(bytes) }))
      expect((await strategy.get(at(browser.request())))?.accessToken).toBe(large(bytes))
      return request.written.length
    }
    expect(await set(100)).toBe(1)
    expect(await set(8_000)).toBe(4)
    expect(await set(5_000)).toBe(3)
    expect(browser.names).toEqual(["__Host-access.0", "__Host-access.1"])
    expect(await set(5_000)).toBe(2)
    expect(await set(100)).toBe(3)
    expect(browser.names).toEqual(["__Host-access"])
    await set(8_000)
    expect(await strategy.delete(at(browser.request()))).toBe(true)
    expect(browser.names).toEqual([])
  })

  test("leaves nothing of what the same response has written before", async () => {
    const { strategy, browser, token } = arrange()
    const request = browser.request()
    for (const bytes of [8_000, 100, 5_000, 100]) {
      await strategy.set(at(request, "u"), token({ accessToken: large(bytes) }))
    }
    expect(browser.names).toEqual(["__Host-access"])
  })

  test("is refused where a part is missing, from another one, or in another place", async () => {
    const { strategy, browser, token } = arrange()
    const jar = async (letter: string) => {
      await strategy.set(at(browser.request(), "u"), token({ accessToken: letter.repeat(8_000) }))
      return [0, 1, 2].map((index) => browser.value(`__Host-access.${index}`) ?? "")
    }
    const [a, b] = [await jar("a"), await jar("b")]
    const read = (...parts: readonly (string | undefined)[]) => {
      const pairs = parts.flatMap((part, index) => (part === undefined ? [] : [`__Host-access.${index}=${part}`]))
      return strategy.read(browser.request(pairs.join("; ")))
    }
    expect((await read(...a))?.token.accessToken).toBe("a".repeat(8_000))
    for (const parts of [
      [a[0], a[1], b[2]],
      [b[0], a[1], a[2]],
      [a[0], a[1]],
      [a[0], undefined, a[2]],
      [undefined, a[1], a[2]],
      [a[1], a[0], a[2]],
      [a[0], a[0], a[0]],
      [a[0], a[1], ""],
      [a[0]?.replace(/^3/, "2"), a[1]?.replace(/^3/, "2")],
      [a[0]?.replace(/^3/, "9"), a[1], a[2]],
    ]) {
      await expect(read(...parts)).rejects.toMatchObject(refused)
    }
  })

  test("is read without a part of an older, larger one that a response at the same time has left", async () => {
    const { strategy, browser, token } = arrange()
    await strategy.set(at(browser.request(), "u"), token({ accessToken: "a".repeat(8_000) }))
    const left = `__Host-access.2=${browser.value("__Host-access.2") ?? ""}`
    await strategy.set(at(browser.request(), "u"), token({ accessToken: "b".repeat(5_000) }))
    const request = browser.request(`${browser.header ?? ""}; ${left}`)
    expect((await strategy.get(at(request)))?.accessToken).toBe("b".repeat(5_000))
    await strategy.set(at(browser.request(), "u"), token())
    const beside = browser.request(`${left}; ${browser.header ?? ""}`)
    expect(await strategy.get(at(beside))).toBeInstanceOf(Token)
    expect(await strategy.delete(at(beside))).toBe(true)
    expect(beside.written.map((header) => header.split("=")[0])).toEqual(["__Host-access.2", "__Host-access"])
  })

  test("is refused when several will not do: the error says what mends it, and the cookie before stays", async () => {
    const { strategy, browser, token } = arrange()
    await strategy.set(at(browser.request(), "u"), token())
    const request = browser.request()
    const secret = "secret".repeat(2_000)
    const error: unknown = await strategy.set(at(request, "u"), token({ accessToken: secret })).catch((e: unknown) => e)
    expect(error).toMatchObject({ name: "SessionError", code: "ERR_COOKIE_TOO_LARGE" })
    expect(String(error)).toMatch(/the cookie of access would have 16\d{3} bytes, and has room for 11\d{3}: keep it/)
    expect(inspect(error, { depth: 9 })).not.toContain("secretsecret")
    expect(request.written).toEqual([])
    expect((await strategy.get(at(request)))?.accessToken).toBe("secret-access-token")
  })
})

describe("a refused cookie", () => {
  test("does not lock the user out: it can be deleted, and signing in replaces it", async () => {
    const { strategy, browser, token } = arrange()
    const header = "__Host-access=spoilt; __Host-access.1=rest"
    for (const userId of [undefined, "u"]) {
      const request = browser.request(header)
      await expect(strategy.get(at(request))).rejects.toMatchObject(refused)
      expect(await strategy.delete(at(request, userId))).toBe(true)
      expect(await strategy.get(at(request))).toBeUndefined()
      expect(request.written.map((cookie) => cookie.split(";")[0])).toEqual(["__Host-access=", "__Host-access.1="])
    }
    const request = browser.request(header)
    await expect(strategy.get(at(request))).rejects.toMatchObject(refused)
    await strategy.set(at(request, "u"), token())
    expect(await strategy.get(at(request))).toBeInstanceOf(Token)
    expect(request.written[1]).toMatch(/^__Host-access\.1=; Max-Age=0/)
  })

  test("one of two of the same name is refused, since nothing tells which is ours", async () => {
    const { strategy, browser, token } = arrange({ name: "session" })
    await strategy.set(at(browser.request(), "victim"), token())
    const victim = browser.value("session") ?? ""
    await strategy.set(at(browser.request(), "attacker"), token())
    const attacker = browser.value("session") ?? ""
    for (const header of [
      `session=${attacker}; session=${victim}`,
      `session=${victim}; other=1; session=x`,
      `session=; session=${victim}`,
    ]) {
      await expect(strategy.read(browser.request(header))).rejects.toMatchObject(refused)
    }
  })
})

test("nothing shows keys or tokens of a strategy by accident", async () => {
  const { strategy, browser, token } = arrange()
  await strategy.set(at(browser.request(), "u"), token())
  const shown = inspect(strategy, { depth: 9, showHidden: true }) + JSON.stringify(strategy)
  expect(shown).not.toContain("secret-access-token")
  expect(shown).not.toContain(Buffer.from(keyBytes(1)).toString("hex"))
})
