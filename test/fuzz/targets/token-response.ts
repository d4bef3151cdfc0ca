import fc from "fast-check"
import { salvagedRefreshToken, TokenError } from "../../../packages/evertoken/src/errors.js"
import { tokenFrom, type GrantedRequest } from "../../../packages/evertoken/src/oauth2/token-response.js"
import type { Token } from "../../../packages/evertoken/src/token.js"
import { anyBytes, bytesOf, damaged, objectText, text, textOf } from "../arbitraries.js"
import type { FuzzTarget } from "../fuzz-target.js"
import { CANARY, promise, promiseIssued, promiseTokenError, promiseUntold } from "../promises.js"

const jwt = [{ alg: "RS256" }, { iss: "https://id.example.com", sub: CANARY, aud: "me", iat: 0, exp: 9e9 }, ""]
  .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
  .join(".")

export const tokenResponses = objectText({
  access_token: text(CANARY, "abc"),
  token_type: text("Bearer", "bearer", "DPoP"),
  expires_in: text(3600, "3600", null, 1),
  refresh_token: text(CANARY, "def"),
  refresh_token_expires_in: text(86_400, 0),
  refresh_expires_in: text(86_400, 0),
  refresh_in: text(1800),
  id_token: text(jwt, CANARY),
  scope: text("read write", ["read"]),
})

const base = {
  server: { issuer: "https://id.example.com", token_endpoint: "https://id.example.com/token" },
  client: { client_id: "me" },
  issuedAt: Date.parse("2026-01-01T00:00:00Z"),
  policy: {},
}

/** RFC 6749, section 5.1, as issuers really write it. */
export const tokenResponse: FuzzTarget = {
  name: "token-response",
  share: 260,
  inputs: fc.oneof(
    { weight: 4, arbitrary: bytesOf(tokenResponses) },
    { weight: 3, arbitrary: damaged(bytesOf(tokenResponses)) },
    bytesOf(fc.json()),
    anyBytes,
  ),
  check: async (input) => {
    const body = textOf(input)
    await checkAnswer(body, { ...base, isForUser: true, knowsIssuer: input.length % 2 === 0 })
    await checkAnswer(body, { ...base, isForUser: false, knowsIssuer: false })
  },
}

async function checkAnswer(body: string, request: GrantedRequest): Promise<void> {
  const answer = await tokenFrom(body, request).catch((error: unknown) => error)
  const fields = objectIn(body)
  const sent = request.isForUser ? printable(fields.get("refresh_token")) : undefined
  if (isGood(fields)) promise(isToken(answer), "whatever is beside a good access token, it is a token")
  if (isToken(answer)) {
    promiseIssued(answer)
    promise(answer.refreshToken === sent, "a refresh token that came is kept, and no other")
    return
  }
  promiseTokenError(answer, ["ERR_TOKEN_RESPONSE_INVALID", "ERR_TOKEN_LIFETIME"])
  promise(answer.transient, "an issuer that said yes may give a better answer")
  promiseUntold(answer, "a failure")
  promise(salvagedRefreshToken(answer) === sent, "the refresh token of an unusable answer is salvaged")
}

const isToken = (answer: unknown): answer is Token => !(answer instanceof TokenError) && !(answer instanceof Error)

/** Read once more, by the simplest of means. */
function objectIn(body: string): ReadonlyMap<string, unknown> {
  try {
    const value: unknown = JSON.parse(body)
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value)
    return new Map(isObject ? Object.entries(value) : [])
  } catch {
    return new Map()
  }
}

function printable(value: unknown): string | undefined {
  return typeof value === "string" && /^[ -~]+$/.test(value) ? value : undefined
}

function isGood(fields: ReadonlyMap<string, unknown>): boolean {
  const of = (name: string) => fields.get(name)
  const accessToken = of("access_token")
  const isVisible = typeof accessToken === "string" && /^[!-~]+$/.test(accessToken)
  const isBearer = of("token_type") === undefined || of("token_type") === "Bearer"
  const lasts = of("expires_in")
  const isLong = typeof lasts === "number" && lasts >= 1
  const isClean = typeof of("refresh_token") !== "string" || printable(of("refresh_token")) !== undefined
  const isPlain = of("scope") === undefined && of("id_token") === undefined
  return isVisible && isBearer && isLong && isClean && isPlain
}
