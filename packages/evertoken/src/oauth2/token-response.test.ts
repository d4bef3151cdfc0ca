import { expect, it } from "vitest"
import { salvagedRefreshToken, TokenError } from "../errors.js"
import { LONGEST_LIFETIME_MS } from "../token-lifetime.js"
import { tokenFrom } from "./token-response.js"

const issuedAt = Date.parse("2026-01-01T00:00:00Z")
const server = { issuer: "https://id.example.com", token_endpoint: "https://id.example.com/token" }
const request = { server, client: { client_id: "me" }, issuedAt, policy: {}, isForUser: true, knowsIssuer: false }

it.each([1e10, 1e300, "1e400", Number.MAX_VALUE])(
  "a refresh token that is to last for %j s does not cost the access token, and is taken to last ten years",
  async (seconds) => {
    const body = { access_token: "one", expires_in: 60, refresh_token: "two", refresh_token_expires_in: seconds }
    const token = await tokenFrom(JSON.stringify(body), request)
    expect(token.refreshTokenExpiresAt).toBe(issuedAt + LONGEST_LIFETIME_MS)
  },
)

it.each([0, -1, "", "soon", null, {}, []])("%j s is no time for a refresh token to last", async (seconds) => {
  const body = { access_token: "one", expires_in: 60, refresh_token: "two", refresh_expires_in: seconds }
  expect((await tokenFrom(JSON.stringify(body), request)).refreshTokenExpiresAt).toBeUndefined()
})

it.each([5e-324, 1e-9, "0.0000001"])(
  "a token that lasts for %j s is over at once, and its refresh token kept",
  async (expiresIn) => {
    const answer = tokenFrom(
      JSON.stringify({ access_token: "one", expires_in: expiresIn, refresh_token: "two" }),
      request,
    )
    const error: unknown = await answer.catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: "ERR_TOKEN_LIFETIME", transient: true })
    expect(error instanceof TokenError && salvagedRefreshToken(error)).toBe("two")
  },
)
