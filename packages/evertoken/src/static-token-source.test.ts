import { inspect } from "node:util"
import { describe, expect, test } from "vitest"
import { StaticTokenSource } from "./static-token-source.js"
import { VirtualClock } from "./testing/virtual-clock.js"
import { fingerprintOf, hashOf } from "./token-source.js"
import { Token } from "./token.js"

const token = new Token({ accessToken: "s3cret", issuedAt: 1_000, staleAt: 2_000, expiresAt: 3_000, scope: "read" })

describe("a constant token", () => {
  test("given as text is served for ten years, and never due for renewal", async () => {
    const clock = new VirtualClock()
    const got = await new StaticTokenSource("s3cret", { clock }).getToken()
    expect(got.authorization).toBe("Bearer s3cret")
    expect(got.issuedAt).toBe(clock.now())
    expect(got.expiresAt).toBe(clock.now() + 10 * 365 * 86_400_000)
    expect(got.staleAt).toBe(got.expiresAt)
  })

  test("given as text lasts for the lifetime given", async () => {
    const clock = new VirtualClock()
    const source = new StaticTokenSource("s3cret", { clock, lifetimeMs: 5_000 })
    await clock.advance(4_999)
    expect((await source.getToken()).accessToken).toBe("s3cret")
    await clock.advance(1)
    await expect(source.getToken()).rejects.toMatchObject({
      code: "ERR_TOKEN_EXPIRED",
      transient: false,
      message: "the constant token has expired",
    })
  })

  test("given as a Token keeps its end, and is not due before it: no newer one can come", async () => {
    const clock = new VirtualClock({ now: 2_999 })
    const source = new StaticTokenSource(token, { clock })
    const got = await source.getToken()
    expect([got.accessToken, got.scope, got.staleAt, got.expiresAt]).toEqual(["s3cret", "read", 3_000, 3_000])
    await clock.advance(1)
    await expect(source.getToken()).rejects.toMatchObject({ code: "ERR_TOKEN_EXPIRED" })
  })

  test("is the same at each call", async () => {
    const source = new StaticTokenSource("s3cret")
    expect(await source.getToken()).toBe(await source.getToken())
  })

  test("is no newer than itself, and says so", async () => {
    const source = new StaticTokenSource("s3cret")
    const newerThan = await source.getToken()
    await expect(source.getToken({ newerThan })).rejects.toMatchObject({
      code: "ERR_TOKEN_UNCHANGED",
      transient: false,
      message: "a newer token was asked for, and this one is constant",
    })
    expect((await source.getToken({ newerThan: token.with({ accessToken: "other" }) })).accessToken).toBe("s3cret")
  })

  test("is not given to a caller who has cancelled", async () => {
    const reason = new Error("enough")
    const getting = new StaticTokenSource("s3cret").getToken({ signal: AbortSignal.abort(reason) })
    await expect(getting).rejects.toBe(reason)
  })
})

test("another token has another fingerprint, which does not tell it", () => {
  const fingerprint = (text: string) => new StaticTokenSource(text).fingerprint
  expect(fingerprint("s3cret")).toBe(fingerprintOf({ grant: ["static", hashOf("s3cret")], access: [] }))
  expect(fingerprint("s3cret")).not.toBe(fingerprint("other"))
  expect(fingerprint("s3cret")).not.toContain("s3cret")
})

test("inspecting the source shows no token", () => {
  const source = new StaticTokenSource("s3cret")
  expect(inspect(source, { showHidden: true }) + JSON.stringify(source)).not.toContain("s3cret")
})

describe("what cannot be is refused at construction, by name and without telling the token", () => {
  const construct =
    (...args: unknown[]) =>
    () =>
      Reflect.construct(StaticTokenSource, args) as unknown

  test.each<[unknown, string]>([
    [undefined, "undefined"],
    [null, "null"],
    ["", "an empty string"],
    [42, "number"],
    [{ accessToken: "s3cret" }, "object"],
  ])("token %j", (value, got) => {
    expect(construct(value)).toThrow(TypeError(`token must be a Token, or a string that is not empty; got ${got}`))
  })

  test("a token that could split a header", () => {
    expect(construct("s3cret\r\nx: y")).toThrow(/^token: accessToken must be visible ASCII characters \(RFC 6750\)/)
  })

  test.each<[unknown, string]>([
    [0, "0"],
    [-1, "-1"],
    [NaN, "NaN"],
    [Infinity, "Infinity"],
    ["5", "a string"],
    [null, "null"],
  ])("lifetimeMs %s", (lifetimeMs, shown) => {
    expect(construct("s3cret", { lifetimeMs })).toThrow(
      TypeError(`lifetimeMs must be milliseconds, a finite number of at least 1; got ${shown}`),
    )
  })

  test("a lifetime for a Token, which has its own", () => {
    expect(construct(token, { lifetimeMs: 5 })).toThrow(/^lifetimeMs is for a token given as a string/)
  })
})
