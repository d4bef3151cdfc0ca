import { describe, expect, test } from "vitest"
import { ATTRIBUTE_BYTES, maxAgeOf, setCookieHeader } from "./cookie-attributes.js"

const now = Date.parse("2026-03-01T12:00:00.700Z")

describe("the attributes of a cookie", () => {
  test("keep it from scripts, from plain HTTP, and from other hosts and sites", () => {
    expect(setCookieHeader(["__Host-access", "value"], { sameSite: "lax", maxAge: 60, now })).toBe(
      "__Host-access=value; Max-Age=60; Path=/; Expires=Sun, 01 Mar 2026 12:01:00 GMT; HttpOnly; Secure; SameSite=Lax",
    )
  })

  test("a value is written as it is", () => {
    const value = "a+b/c==%2C{}[]'~"
    expect(setCookieHeader(["x", value], { sameSite: "none", maxAge: 60, now })).toContain(`x=${value}; `)
  })

  test("what removes a cookie has the same attributes: browsers ignore it otherwise", () => {
    expect(setCookieHeader(["__Host-access", ""], { sameSite: "strict", maxAge: 0, now })).toBe(
      "__Host-access=; Max-Age=0; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Strict",
    )
  })

  test("have at most as many bytes as are set aside for them", () => {
    const longest = setCookieHeader(["x", "y"], { sameSite: "strict", maxAge: maxAgeOf(8.64e15, now), now })
    expect(longest.length - "x=y".length).toBe(ATTRIBUTE_BYTES)
  })

  test("a cookie is kept for whole seconds, never past its end, and for 400 days at most", () => {
    expect(maxAgeOf(now + 60_000, now)).toBe(60)
    expect(maxAgeOf(now + 60_999, now)).toBe(60)
    expect(maxAgeOf(now + 999, now)).toBe(0)
    expect(maxAgeOf(now, now)).toBe(0)
    expect(maxAgeOf(now - 60_000, now)).toBe(0)
    expect(maxAgeOf(8.64e15, now)).toBe(400 * 24 * 3600)
  })
})
