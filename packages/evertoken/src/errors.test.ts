import { inspect } from "node:util"
import { describe, expect, test } from "vitest"
import {
  salvagedRefreshToken,
  salvageRefreshToken,
  systemErrorCode,
  TokenError,
  TokenResponseError,
  type TokenResponseErrorOptions,
} from "./errors.js"

const everything: TokenResponseErrorOptions = {
  status: 429,
  transient: true,
  ambiguous: false,
  retryAfterMs: 7_000,
  error: "slow_down",
  errorDescription: "too many requests",
  errorUri: "https://id.example.com/errors/slow",
}

describe("a TokenError", () => {
  test("says by code and transient what to do", () => {
    const error = new TokenError("ERR_TOKEN_REQUEST", "connection refused", { transient: true, retryAfterMs: 500 })
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({
      name: "TokenError",
      code: "ERR_TOKEN_REQUEST",
      message: "connection refused",
      transient: true,
      retryAfterMs: 500,
    })
  })

  test("is not ambiguous unless it says so", () => {
    expect(new TokenError("ERR_TOKEN_REQUEST", "", { transient: true }).ambiguous).toBe(false)
    expect(new TokenError("ERR_TOKEN_REQUEST", "", { transient: true, ambiguous: true }).ambiguous).toBe(true)
  })

  test("has no property for what nobody said", () => {
    const error = new TokenError("ERR_TOKEN_CACHE", "no", {
      transient: false,
      cause: undefined,
      retryAfterMs: undefined,
    })
    expect(Object.keys(error).sort()).toEqual(["ambiguous", "code", "name", "transient"])
    expect("cause" in error).toBe(false)
    const response = new TokenResponseError("no", { status: 400, transient: false, error: undefined })
    expect(Object.keys(response).sort()).toEqual(["ambiguous", "code", "name", "status", "transient"])
  })

  test("keeps its cause", () => {
    const cause = new TokenError("ERR_TOKEN_REQUEST", "refused", { transient: true })
    expect(new TokenError("ERR_TOKEN_EXPIRED", "expired", { transient: true, cause }).cause).toBe(cause)
  })

  test("keeps a delay of zero", () => {
    expect(new TokenError("ERR_TOKEN_REQUEST", "", { transient: true, retryAfterMs: 0 }).retryAfterMs).toBe(0)
  })

  test("with another delay is the same failure, and the first is its cause", () => {
    const first = new TokenError("ERR_TOKEN_REQUEST", "reset", { transient: true, ambiguous: true })
    const later = first.retryingAfter(9_000)
    const { code, message, transient, ambiguous, retryAfterMs, cause } = later
    expect({ code, message, transient, ambiguous, retryAfterMs }).toEqual({
      code: "ERR_TOKEN_REQUEST",
      message: "reset",
      transient: true,
      ambiguous: true,
      retryAfterMs: 9_000,
    })
    expect(cause).toBe(first)
  })
})

describe("a TokenResponseError", () => {
  test("tells what the issuer said", () => {
    const error = new TokenResponseError("the issuer answered 429", everything)
    expect(error).toBeInstanceOf(TokenError)
    expect(error).toMatchObject({ name: "TokenResponseError", code: "ERR_TOKEN_RESPONSE", ...everything })
  })

  test("with another delay is still the issuer's answer", () => {
    const first = new TokenResponseError("the issuer answered 429", everything)
    const later = first.retryingAfter(60_000)
    expect(later).toBeInstanceOf(TokenResponseError)
    expect(later).toMatchObject({ ...everything, retryAfterMs: 60_000, message: first.message })
    expect(later.cause).toBe(first)
  })

  test("with another delay still has no property for what the issuer did not say", () => {
    const later = new TokenResponseError("no", { status: 503, transient: true }).retryingAfter(1_000)
    expect(Object.keys(later).sort()).toEqual(["ambiguous", "code", "name", "retryAfterMs", "status", "transient"])
  })

  test("shows its name once", () => {
    expect(inspect(new TokenResponseError("no", { status: 400, transient: false }))).toMatch(
      /^TokenResponseError: no\n/,
    )
  })
})

test("a refresh token salvaged from an unusable answer travels with the error, and nothing prints it", () => {
  const error = new TokenError("ERR_TOKEN_RESPONSE_INVALID", "no access token", { transient: true })
  expect(salvagedRefreshToken(error)).toBeUndefined()
  salvageRefreshToken(error, "s3cret-refresh")
  expect(salvagedRefreshToken(error)).toBe("s3cret-refresh")
  expect(salvagedRefreshToken(new TokenError("ERR_TOKEN_RESPONSE_INVALID", "", { transient: true }))).toBeUndefined()
  const shown = inspect(error, { showHidden: true, depth: Infinity }) + JSON.stringify(error) + String(error)
  expect(shown).not.toContain("s3cret")
})

test("a time to wait that is no length of time is none", () => {
  for (const retryAfterMs of [NaN, -1]) {
    expect(new TokenError("ERR_TOKEN_SOURCE", "no", { transient: true, retryAfterMs }).retryAfterMs).toBeUndefined()
  }
})

test("the code of a system error is known, and that of nothing else", () => {
  expect(systemErrorCode(Object.assign(new Error("no"), { code: "ENOENT" }))).toBe("ENOENT")
  expect(systemErrorCode(Object.assign(new Error("no"), { code: 20 }))).toBeUndefined()
  expect(systemErrorCode(new Error("no"))).toBeUndefined()
  expect(systemErrorCode({ code: "ENOENT" })).toBeUndefined()
  expect(systemErrorCode(undefined)).toBeUndefined()
})
