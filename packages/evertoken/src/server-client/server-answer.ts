import { TokenError, type TokenErrorCode } from "../errors.js"
import { retryAfterMs } from "../retry-after.js"
import { shownText } from "../shown-text.js"
import { Token } from "../token.js"

/** What a token server says, when it does not refuse. */
export interface ServerAnswer {
  readonly status: number
  readonly etag: string | undefined
  readonly body: unknown
}

export interface RawAnswer {
  readonly status: number
  readonly header: (name: string) => string | undefined
  /** Undefined: it was far too large. */
  readonly text: string | undefined
  /** What was sent, and must not show. */
  readonly secrets: readonly string[]
}

// what means the same to a client as to the server; the others are about its own sources, and its end
const PASSED_ON: ReadonlySet<string> = new Set([
  "ERR_TOKEN_EXPIRED",
  "ERR_TOKEN_LIFETIME",
  "ERR_TOKEN_UNCHANGED",
  "ERR_TOKEN_CLAIM_TIMEOUT",
  "ERR_TOKEN_CACHE",
  "ERR_TOKEN_REQUEST",
  "ERR_TOKEN_REQUEST_TIMEOUT",
  "ERR_TOKEN_RESPONSE_INVALID",
  "ERR_REAUTHENTICATION_REQUIRED",
] satisfies TokenErrorCode[])

/** @throws TokenError what the server refuses with (RFC 9457), or that it is no token server. */
export function answered({ status, header, text, secrets }: RawAnswer): ServerAnswer {
  const body = jsonOf(text)
  if (status >= 400) throw refusal(status, body, { header, secrets })
  return { status, etag: header("etag"), body }
}

/**
 * The token of an answer. It becomes stale later than at the server, half-way from there to its end: who waits for news of
 * the server has its successor by then, and does not ask.
 * @throws TokenError `ERR_TOKEN_RESPONSE_INVALID`
 */
export function tokenIn({ body }: ServerAnswer): Token {
  if (!isRecord(body)) throw notAToken("it is no JSON object")
  const { accessToken, tokenType, issuedAt, staleAt, expiresAt, scope } = body
  if (typeof staleAt !== "number" || typeof expiresAt !== "number") throw notAToken("its times are missing")
  try {
    // its fields are checked by the Token made of them
    return new Token({
      ...textOf("accessToken", accessToken),
      ...(tokenType === undefined ? {} : textOf("tokenType", tokenType)),
      ...(scope === undefined ? {} : textOf("scope", scope)),
      issuedAt: typeof issuedAt === "number" ? issuedAt : NaN,
      staleAt: staleAt + Math.max(0, expiresAt - staleAt) / 2,
      expiresAt,
    })
  } catch (error) {
    throw error instanceof TypeError ? notAToken(error.message) : error
  }
}

function textOf<Name extends string>(name: Name, value: unknown): Record<Name, string>
function textOf(name: string, value: unknown): Record<string, string> {
  if (typeof value !== "string") throw notAToken(`its ${name} is no text`)
  return { [name]: value }
}

function refusal(
  status: number,
  body: unknown,
  { header, secrets }: Pick<RawAnswer, "header" | "secrets">,
): TokenError {
  const { code, detail, hint } = isRecord(body) ? body : {}
  const said = [detail, hint].map((text) => shownText(text, secrets)).filter((text) => text !== undefined)
  const message = `the token server answers ${status}${said.length > 0 ? `: ${said.join(". ")}` : ""}`
  // the time of its header is in seconds, never a date
  const options = { transient: status === 503 || status === 500, retryAfterMs: retryAfterMs(header("retry-after"), 0) }
  return new TokenError(isPassedOn(code) ? code : "ERR_TOKEN_SOURCE", message, options)
}

function isPassedOn(code: unknown): code is TokenErrorCode {
  return typeof code === "string" && PASSED_ON.has(code)
}

function notAToken(why: string): TokenError {
  const message = `what answers is no token server: ${why}`
  return new TokenError("ERR_TOKEN_RESPONSE_INVALID", message, { transient: true })
}

function jsonOf(text: string | undefined): unknown {
  try {
    return text === undefined || text === "" ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null
}
