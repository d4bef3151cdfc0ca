import { describe, expect, test } from "vitest"
import type { CookieType } from "../token-types.js"
import { cookieOptionsOf } from "./cookie-options.js"

const of = (options: Omit<CookieType, "strategy">, type = "access") =>
  cookieOptionsOf(type, { strategy: "cookie", ...options })

describe("the options of a cookie", () => {
  test("by default it is signed, lax, named __Host- and the type's name, and ends with its token", () => {
    expect(of({})).toEqual({ format: "signed", name: "__Host-access", sameSite: "lax", idleTimeoutMs: 0 })
    expect(of({ name: undefined, format: undefined, sameSite: undefined, idleTimeoutMs: undefined })).toEqual(of({}))
  })

  test("each can be something else", () => {
    const options = { format: "signed", name: "__Secure-shop", sameSite: "none", idleTimeoutMs: 60_000 } as const
    expect(of(options)).toEqual(options)
    expect(of({ format: "opaque", sameSite: "strict" })).toMatchObject({ format: "opaque", sameSite: "strict" })
  })

  test.each(["session", "a", "Shop.Access", "__Secure-x", "__Host-x", "x.y1", "!#$%&'*+-.^_`|~", "__Http-x"])(
    "a name may be %s",
    (name) => {
      expect(of({ name }).name).toBe(name)
    },
  )

  test.each<[string, RegExp]>([
    ["", /must be made of letters, digits and/],
    ["a b", /must be made of letters, digits and/],
    ["a=b", /must be made of letters, digits and/],
    ["a;b", /must be made of letters, digits and/],
    ["a\r\nSet-Cookie: b", /must be made of letters, digits and/],
    ["größe", /must be made of letters, digits and/],
    ["x".repeat(201), /must have at most 200 characters/],
    ["x.0", /must not end in a dot and a number/],
    ["x.17", /must not end in a dot and a number/],
    ["__host-x", /must have its prefix written __Host- or __Secure-/],
    ["__SECURE-x", /must have its prefix written __Host- or __Secure-/],
    ["__Host-", /must be more than a prefix/],
    ["__Secure-", /must be more than a prefix/],
  ])("a name may not be %j", (name, message) => {
    expect(() => of({ name })).toThrow(message)
    expect(() => of({ name })).toThrow(/^types\.access\.name must /)
  })

  test("an opaque cookie cannot say who the user is after its token's end", () => {
    const create = () => of({ format: "opaque", idleTimeoutMs: 1 })
    expect(create).toThrow(TypeError)
    expect(create).toThrow(/^types\.access\.idleTimeoutMs must be 0: an opaque cookie does not say who the user is$/)
  })
})
