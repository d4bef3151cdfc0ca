import { inspect } from "node:util"
import { describe, expect, it } from "vitest"
import { TokenResponseError, type TokenError } from "../errors.js"
import { responseErrorOf } from "./response-error.js"

const now = Date.parse("2026-01-01T00:00:00Z")
const SECRET = "the-refresh-token-0123456789"

interface Given {
  readonly grantType?: string
  readonly headers?: Readonly<Record<string, string>>
}

function errorOf(status: number, body: object | string | undefined, given: Given = {}) {
  const { grantType = "refresh_token", headers = {} } = given
  const text = typeof body === "object" ? JSON.stringify(body) : body
  return responseErrorOf({ status, text, header: (name) => headers[name] }, { grantType, secrets: [SECRET], now })
}

function oauthErrorOf(error: TokenError): string | undefined {
  return error instanceof TokenResponseError ? error.error : undefined
}

describe("an OAuth error", () => {
  it("is told in full: status, error, description and address", () => {
    const body = { error: "invalid_scope", error_description: "no such scope", error_uri: "https://id.example.com/e" }
    expect(errorOf(400, body)).toMatchObject({
      code: "ERR_TOKEN_RESPONSE",
      message: "the token endpoint answered 400 invalid_scope (no such scope)",
      status: 400,
      error: "invalid_scope",
      errorDescription: "no such scope",
      errorUri: "https://id.example.com/e",
      transient: false,
      ambiguous: false,
    })
  })

  it.each(["invalid_grant", "invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope"])(
    "%s does not pass by itself",
    (error) => {
      expect(errorOf(400, { error })).toMatchObject({ error, transient: false, ambiguous: false })
    },
  )

  it.each(["temporarily_unavailable", "server_error", "slow_down"])("%s passes, and nothing was spent", (error) => {
    expect(errorOf(400, { error })).toMatchObject({ error, transient: true, ambiguous: false })
  })

  it.each(["bad_refresh_token", "invalid_refresh_token"])("%s is invalid_grant, of a refresh token only", (error) => {
    expect(errorOf(400, { error })).toMatchObject({ error: "invalid_grant", transient: false, ambiguous: false })
    expect(errorOf(400, { error }).message).toContain(error)
    expect(errorOf(400, { error }, { grantType: "client_credentials" })).toMatchObject({ error })
  })

  it("shows nothing of an answer that quotes what was sent", () => {
    const body = {
      error: SECRET,
      error_description: `bad token ${SECRET}`,
      error_uri: `https://x/?t=${SECRET}`,
      extra: SECRET,
    }
    const error = errorOf(400, body)
    expect(inspect(error, { showHidden: true, depth: 9 })).not.toContain(SECRET)
    expect(JSON.stringify(error)).not.toContain(SECRET)
    expect(error.cause).toBeUndefined()
  })

  it("cannot forge a line of a log", () => {
    expect(errorOf(400, { error: "x\nERROR all is lost" }).message).not.toContain("\n")
  })
})

describe("a refusal without an OAuth error", () => {
  it.each([
    [400, ""],
    [401, " "],
    [401, "<html>forbidden</html>"],
    [400, "[]"],
  ])("%d with body %j is invalid_grant for a refresh token, invalid_client else", (status, body) => {
    expect(errorOf(status, body)).toMatchObject({ error: "invalid_grant", transient: false, ambiguous: false })
    const other = errorOf(status, body, { grantType: "client_credentials" })
    expect(other).toMatchObject({ error: "invalid_client", transient: false })
  })

  it("stays unnamed where nobody knows what it says: too large, or in an encoding that cannot be read", () => {
    const error = errorOf(400, undefined)
    expect(error).toMatchObject({ code: "ERR_TOKEN_RESPONSE", status: 400, transient: false, ambiguous: false })
    expect(oauthErrorOf(error)).toBeUndefined()
  })

  it.each([403, 404, 407, 421])("%d stays unnamed: a proxy or a firewall gives it too", (status) => {
    const error = errorOf(status, "<html>forbidden</html>")
    expect(error).toMatchObject({ status, transient: false, ambiguous: false })
    expect(oauthErrorOf(error)).toBeUndefined()
  })

  it("stays unnamed where a JSON object says something else: it may not be about the grant", () => {
    const error = errorOf(404, { message: "no route" })
    expect(error).toMatchObject({ status: 404, transient: false })
    expect(oauthErrorOf(error)).toBeUndefined()
  })
})

describe("a refusal of the client itself says what to check", () => {
  const check = /: check the client's id, its secret, and how it authenticates$/

  it.each([
    [400, { error: "invalid_client", error_description: "who?" }],
    [401, { error: "invalid_client" }],
    [401, { message: "no" }],
    [401, ""],
  ])("%d %j", (status, body) => {
    expect(errorOf(status, body).message).toMatch(check)
  })

  it.each([
    [400, { error: "invalid_grant" }],
    [401, { error: "invalid_grant" }],
    [400, { error: "invalid_scope" }],
    [403, ""],
  ])("but not %d %j, which is about something else", (status, body) => {
    expect(errorOf(status, body).message).not.toMatch(check)
  })
})

describe("trouble that passes", () => {
  it("429 was not processed, and says when to come back", () => {
    const error = errorOf(429, "", { headers: { "retry-after": "7" } })
    expect(error).toMatchObject({ transient: true, ambiguous: false, retryAfterMs: 7_000 })
    expect(oauthErrorOf(error)).toBeUndefined()
  })

  it("a date to come back at counts from now on the clock given", () => {
    const headers = { "retry-after": "Thu, 01 Jan 2026 00:01:00 GMT" }
    expect(errorOf(503, "", { headers })).toMatchObject({ retryAfterMs: 60_000 })
  })

  it.each([408, 500, 502, 503, 504])("%d may have been processed", (status) => {
    const error = errorOf(status, "")
    expect(error).toMatchObject({ status, transient: true, ambiguous: true })
    expect(oauthErrorOf(error)).toBeUndefined()
  })

  it("a 500 that names an OAuth error may have been processed all the same", () => {
    expect(errorOf(500, { error: "server_error" })).toMatchObject({
      error: "server_error",
      transient: true,
      ambiguous: true,
    })
  })
})

it.each([301, 302, 307, 308])("a redirect (%d) is refused, not an error of the issuer's", (status) => {
  expect(errorOf(status, "")).toMatchObject({ code: "ERR_TOKEN_RESPONSE_INVALID", transient: false, ambiguous: false })
})
