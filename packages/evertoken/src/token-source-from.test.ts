import { inspect } from "node:util"
import { describe, expect, test } from "vitest"
import { salvagedRefreshToken, TokenError } from "./errors.js"
import { VirtualClock } from "./testing/virtual-clock.js"
import { tokenSourceFrom, type TokenSourceFromOptions } from "./token-source-from.js"
import { fingerprintOf, type TokenRequest } from "./token-source.js"
import { Token } from "./token.js"

const NOW = Date.UTC(2026, 0, 1)
const HOUR_MS = 3_600_000
const clock = new VirtualClock({ now: NOW })

/** A source from a function that returns `result`, whatever that is. */
function returning(result: unknown, options: TokenSourceFromOptions = {}) {
  return tokenSourceFrom(() => result as string, { clock, ...options })
}

async function failure(getting: Promise<unknown>): Promise<TokenError> {
  const error: unknown = await getting.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof TokenError) return error
  throw new Error(`expected a TokenError, got ${inspect(error)}`)
}

describe("a function that returns a string", () => {
  test("gives a token that lasts as long as the option says", async () => {
    const token = await returning("abc", { lifetimeMs: HOUR_MS }).getToken()
    expect(token.authorization).toBe("Bearer abc")
    expect([token.issuedAt, token.staleAt, token.expiresAt]).toEqual([NOW, NOW + 0.75 * HOUR_MS, NOW + HOUR_MS])
  })

  test("without a lifetime is told what to do", async () => {
    const error = await failure(returning("s3cret").getToken())
    expect(error).toMatchObject({ code: "ERR_TOKEN_SOURCE", transient: false })
    expect(error.message).toMatch(/return expiresAt or expiresInSeconds, or give lifetimeMs$/)
  })

  test("may return it at once or later", async () => {
    const later = tokenSourceFrom(() => Promise.resolve("later"), { lifetimeMs: 1_000 })
    expect((await later.getToken()).accessToken).toBe("later")
  })
})

describe("a function that returns a Token", () => {
  const made = new Token({ accessToken: "abc", issuedAt: NOW - 5, staleAt: NOW + 10, expiresAt: NOW + 100 })

  test("gives this very token", async () => {
    expect(await returning(made, { lifetimeMs: HOUR_MS }).getToken()).toBe(made)
  })

  test("with a fixed interval gives it with that", async () => {
    const token = await returning(made, { renewEveryMs: 50 }).getToken()
    expect([token.accessToken, token.staleAt, token.expiresAt]).toEqual(["abc", made.issuedAt + 50, made.expiresAt])
  })
})

describe("a function that returns an object", () => {
  test("gives a token with all of it", async () => {
    const issued = {
      accessToken: "abc",
      tokenType: "dpop",
      expiresInSeconds: 3_600,
      refreshToken: "refresh",
      refreshTokenExpiresAt: NOW + 30 * HOUR_MS,
      idToken: "id",
      scope: "read write",
    }
    const token = await returning({ ...issued, unknown: "left out" }).getToken()
    const { accessToken, tokenType, refreshToken, refreshTokenExpiresAt, idToken, scope, expiresAt } = token
    expect({ accessToken, tokenType, refreshToken, refreshTokenExpiresAt, idToken, scope, expiresAt }).toEqual({
      accessToken: "abc",
      tokenType: "DPoP",
      refreshToken: "refresh",
      refreshTokenExpiresAt: NOW + 30 * HOUR_MS,
      idToken: "id",
      scope: "read write",
      expiresAt: NOW + HOUR_MS,
    })
  })

  test.each<[string, object]>([
    ["a Date", { expiresAt: new Date(NOW + HOUR_MS) }],
    ["epoch milliseconds", { expiresAt: NOW + HOUR_MS }],
    ["seconds", { expiresInSeconds: 3_600 }],
    ["seconds, and no moment", { expiresAt: null, expiresInSeconds: 3_600 }],
    ["a moment, which counts more than seconds", { expiresAt: NOW + HOUR_MS, expiresInSeconds: 5 }],
  ])("may tell its end as %s, which counts more than the option", async (_, times) => {
    const token = await returning({ accessToken: "abc", ...times }, { lifetimeMs: 1 }).getToken()
    expect([token.staleAt, token.expiresAt]).toEqual([NOW + 0.75 * HOUR_MS, NOW + HOUR_MS])
  })

  test("lasts as long as the option says if it tells no end", async () => {
    const token = await returning({ accessToken: "abc" }, { lifetimeMs: HOUR_MS }).getToken()
    expect(token.expiresAt).toBe(NOW + HOUR_MS)
  })

  test("is renewed by the lifetime policy given", async () => {
    const issued = { accessToken: "abc", expiresInSeconds: 3_600 }
    expect((await returning(issued, { freshness: 0.5 }).getToken()).staleAt).toBe(NOW + HOUR_MS / 2)
    expect((await returning(issued, { refreshLeadMs: 60_000 }).getToken()).staleAt).toBe(NOW + HOUR_MS - 60_000)
  })
})

describe("a fixed interval", () => {
  test("makes each token due so long after its request, whatever its lifetime", async () => {
    const token = await returning("abc", { lifetimeMs: HOUR_MS, renewEveryMs: 600_000 }).getToken()
    expect([token.staleAt, token.expiresAt]).toEqual([NOW + 600_000, NOW + HOUR_MS])
  })

  test("longer than the lifetime makes it due at its end", async () => {
    const token = await returning("abc", { lifetimeMs: HOUR_MS, renewEveryMs: 2 * HOUR_MS }).getToken()
    expect([token.staleAt, token.expiresAt]).toEqual([NOW + HOUR_MS, NOW + HOUR_MS])
  })
})

describe("the time of a request", () => {
  test("counts from before it was sent", async () => {
    const clock = new VirtualClock({ now: NOW })
    const source = tokenSourceFrom(
      async () => {
        await clock.advance(5_000)
        return "abc"
      },
      { clock, lifetimeMs: HOUR_MS },
    )
    expect((await source.getToken()).expiresAt).toBe(NOW + HOUR_MS)
  })
})

describe("the function's failure", () => {
  const throwing = (error: unknown) =>
    tokenSourceFrom(() => {
      throw error
    })

  test("that is a TokenError passes through as it is", async () => {
    const error = new TokenError("ERR_REAUTHENTICATION_REQUIRED", "sign in", { transient: false })
    await expect(throwing(error).getToken()).rejects.toBe(error)
    await expect(tokenSourceFrom(() => Promise.reject(error)).getToken()).rejects.toBe(error)
  })

  test("of any other kind is told by name and code, is tried again, and its outcome is unknown", async () => {
    const cause = Object.assign(new TypeError("s3cret body"), { code: "ECONNRESET", response: { body: "s3cret" } })
    const error = await failure(throwing(cause).getToken())
    expect(error).toMatchObject({ code: "ERR_TOKEN_SOURCE", transient: true, ambiguous: true })
    expect(error.message).toBe("the token function failed: TypeError ECONNRESET")
    expect(inspect(error, { showHidden: true, depth: Infinity })).not.toContain("s3cret")
  })

  test.each<[unknown, string]>([
    [new Error("s3cret"), "Error"],
    [new DOMException("s3cret", "NetworkError"), "NetworkError"],
    [Object.assign(new Error("no"), { name: "s3cret with blanks", code: "s3cret with blanks" }), "Error"],
    [Object.assign(new Error("no"), { code: 404 }), "Error"],
    [
      new TypeError("s3cret", { cause: Object.assign(new Error("s3cret"), { code: "ECONNREFUSED" }) }),
      "TypeError ECONNREFUSED",
    ],
    [new TypeError("s3cret", { cause: Object.assign(new Error("s3cret"), { code: "s3cret" }) }), "TypeError"],
    [new TypeError("s3cret", { cause: { code: "S3CRET" } }), "TypeError"],
    ["s3cret", "something that is no Error was thrown (string)"],
    [undefined, "something that is no Error was thrown (undefined)"],
    [{ message: "s3cret" }, "something that is no Error was thrown (object)"],
  ])("tells nothing that may be secret (%#)", async (thrown, told) => {
    const error = await failure(throwing(thrown).getToken())
    expect(error.message).toBe(`the token function failed: ${told}`)
    expect(inspect(error)).not.toContain("s3cret")
  })
})

describe("a function that gives no token", () => {
  test.each<[unknown, string]>([
    [undefined, "it returned undefined"],
    [null, "it returned null"],
    [42, "it returned a number"],
    [["s3cret"], "it returned an array"],
    [() => "s3cret", "it returned a function"],
    [{ access_token: "s3cret" }, "it returned an object without accessToken"],
    [new Map([["accessToken", "s3cret"]]), "it returned an object without accessToken"],
    ["", "its accessToken is empty"],
    [{ accessToken: "", expiresInSeconds: -1 }, "its accessToken is empty"],
    ["s3cret with blanks", "TypeError: token: accessToken must be visible ASCII"],
    [{ accessToken: 42 }, "TypeError: token: accessToken must be a string"],
    [{ accessToken: "abc", refreshToken: { s3cret: 1 } }, "TypeError: token: refreshToken must be printable ASCII"],
    [{ accessToken: "abc", expiresAt: "s3cret" }, "its expiresAt is neither a valid Date nor epoch milliseconds"],
    [{ accessToken: "abc", expiresAt: new Date(NaN) }, "its expiresAt is neither"],
    [{ accessToken: "abc", expiresAt: NaN }, "its expiresAt is neither"],
  ])("is told what came, by type and not by value (%#)", async (result, told) => {
    const error = await failure(returning(result, { lifetimeMs: HOUR_MS }).getToken())
    expect(error).toMatchObject({ code: "ERR_TOKEN_SOURCE", transient: false, ambiguous: true })
    expect(error.message).toContain(`the token function did not give a token: ${told}`)
    expect(inspect(error, { depth: Infinity })).not.toContain("s3cret")
  })

  test("but an object that cannot be read is told the kind of its failure only", async () => {
    const result = {
      accessToken: "abc",
      get expiresAt() {
        throw new TypeError("s3cret")
      },
    }
    const error = await failure(returning(result).getToken())
    expect(error.message).toBe("the token function did not give a token: TypeError")
  })

  test("but one that is over at once is told about its lifetime, and asked again", async () => {
    for (const times of [{ expiresAt: NOW }, { expiresAt: NOW / 1000 + 3_600 }, { expiresAt: new Date(0) }]) {
      const error = await failure(returning({ accessToken: "abc", ...times }).getToken())
      expect(error).toMatchObject({ code: "ERR_TOKEN_LIFETIME", transient: true })
      expect(error.message).toContain("epoch milliseconds?")
    }
    const error = await failure(returning({ accessToken: "abc", expiresInSeconds: 0 }).getToken())
    expect(error.code).toBe("ERR_TOKEN_LIFETIME")
  })

  test("but a refresh token does not lose it", async () => {
    const refreshToken = "s3cret-refresh"
    for (const unusable of [{ accessToken: "a b" }, { accessToken: "abc" }, { accessToken: "abc", expiresAt: 1 }]) {
      const error = await failure(returning({ ...unusable, refreshToken }).getToken())
      expect(salvagedRefreshToken(error)).toBe(refreshToken)
      expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain(refreshToken)
    }
    for (const none of ["", 42, undefined]) {
      const error = await failure(returning({ accessToken: "abc", refreshToken: none }).getToken())
      expect(salvagedRefreshToken(error)).toBeUndefined()
    }
  })
})

describe("the request", () => {
  test("reaches the function as it is: its signal, and the token before", async () => {
    const seen: TokenRequest[] = []
    const source = tokenSourceFrom((request) => (seen.push(request), "abc"), { lifetimeMs: 1_000 })
    const request = { signal: new AbortController().signal, previous: await source.getToken() }
    await source.getToken(request)
    expect(seen).toEqual([{}, request])
    expect(seen[1]).toBe(request)
  })

  test("that was cancelled before does not reach it", async () => {
    let calls = 0
    const source = tokenSourceFrom(() => (calls++, "abc"), { lifetimeMs: 1_000 })
    const reason = new Error("enough")
    await expect(source.getToken({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(calls).toBe(0)
  })

  test("that is cancelled ends with the signal's reason, whatever the function does", async () => {
    const never = new Promise<string>(() => {})
    const obedient = ({ signal }: TokenRequest) =>
      new Promise<string>((_, reject) => signal?.addEventListener("abort", () => reject(new Error("s3cret"))))
    for (const getToken of [() => never, obedient]) {
      const controller = new AbortController()
      const getting = tokenSourceFrom(getToken, { lifetimeMs: 1_000 }).getToken({ signal: controller.signal })
      const reason = { enough: true }
      controller.abort(reason)
      await expect(getting).rejects.toBe(reason)
    }
  })
})

describe("the source", () => {
  const source = (options?: TokenSourceFromOptions) => tokenSourceFrom(() => "abc", options)

  test("has the fingerprint of its name, however alike two names are, or none", () => {
    expect(source().fingerprint).toBeUndefined()
    const expected = fingerprintOf({ grant: ["function", "api.example.com/a"], access: [] })
    expect(source({ name: "api.example.com/a" }).fingerprint).toBe(expected)
    const grants = ["api.example.com/a", "api.example.com/b", "api"].map(
      (name) => source({ name }).fingerprint?.split(".")[0],
    )
    expect(new Set(grants).size).toBe(3)
  })

  test("works once only if it says so", () => {
    expect(source().singleUse).toBe(false)
    expect(source({ singleUse: true }).singleUse).toBe(true)
  })

  test("cannot be changed", () => {
    expect(Object.isFrozen(source())).toBe(true)
  })

  test.each<[Record<string, unknown>, string]>([
    [{ lifetimeMs: 0 }, "lifetimeMs must be milliseconds, a finite number of at least 1; got 0"],
    [{ lifetimeMs: Infinity }, "lifetimeMs must be milliseconds, a finite number of at least 1; got Infinity"],
    [{ lifetimeMs: "5" }, "lifetimeMs must be milliseconds, a finite number of at least 1; got a string"],
    [{ renewEveryMs: -1 }, "renewEveryMs must be milliseconds, a finite number of at least 1; got -1"],
    [{ renewEveryMs: NaN }, "renewEveryMs must be milliseconds, a finite number of at least 1; got NaN"],
    [{ name: "" }, "name must be a string, and not empty"],
    [{ name: 5 }, "name must be a string, and not empty"],
    [{ singleUse: "yes" }, "singleUse must be true or false; got string"],
    [{ freshness: 2 }, "freshness must be a number above 0, at most 1; got 2"],
  ])("refuses %j by the name of the option", (options, message) => {
    expect(() => source(options)).toThrow(TypeError(message))
  })

  test("refuses what is no function", () => {
    const notAFunction: unknown = undefined
    expect(() => tokenSourceFrom(notAFunction as () => string)).toThrow(
      TypeError("getToken must be a function; got undefined"),
    )
  })
})
