import { TokenError, TokenResponseError } from "../errors.js"
import type { IssuerAnswer } from "./issuer-client.js"
import { jsonObjectOf } from "./json-object.js"
import { retryAfterMs } from "../retry-after.js"
import { shownText } from "../shown-text.js"

export interface RefusedRequest {
  /** Undefined: nothing was to be granted. */
  readonly grantType?: string
  /** For the message. Default: `"token endpoint"`. */
  readonly endpoint?: string
  /** What was sent in secret: never shown, though issuers quote it. */
  readonly secrets: readonly string[]
  readonly now: number
}

// RFC 6749, section 4.1.2.1, whose codes token endpoints use too; RFC 8628, section 3.5; RFC 9449, section 8
export const PASSING: ReadonlySet<string | undefined> = new Set([
  "temporarily_unavailable",
  "server_error",
  "slow_down",
  "use_dpop_nonce",
])

// names of their own for invalid_grant: the first is what GitHub answers, though its documentation does not say so; the
// second stands in Slack's reference (tooling.tokens.rotate)
const REFUSED_REFRESH_TOKEN: ReadonlySet<string | undefined> = new Set(["bad_refresh_token", "invalid_refresh_token"])

/**
 * Whether the answer says no. GitHub and Slack do so with status 200; an answer with a token says yes, whatever else is
 * in it.
 */
export function isRefusal({ status, text }: IssuerAnswer): boolean {
  if (status < 200 || status > 299) return true
  const body = jsonObjectOf(text)
  if (body === undefined || isPresent(body["access_token"]) || isPresent(body["refresh_token"])) return false
  return typeof body["error"] === "string" && body["error"] !== ""
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null && value !== ""
}

/** The error that a refusal stands for. */
export function responseErrorOf(answer: IssuerAnswer, request: RefusedRequest): TokenError {
  const { grantType, secrets, now, endpoint = "token endpoint" } = request
  const { status, text } = answer
  const answered = `the ${endpoint} answered ${status}`
  if (status >= 300 && status < 400) {
    const message = `${answered}; a redirect is not followed`
    return new TokenError("ERR_TOKEN_RESPONSE_INVALID", message, { transient: false })
  }
  const body = jsonObjectOf(text)
  const said = shownText(body?.["error"], secrets)
  const named = grantType === "refresh_token" && REFUSED_REFRESH_TOKEN.has(said) ? "invalid_grant" : said
  const error = named ?? impliedError(answer, body, grantType)
  const errorDescription = shownText(body?.["error_description"], secrets)
  // a 401 is for the client (RFC 6749, section 5.2), unless it says itself that it is not
  const isClientRefused = error === "invalid_client" || (status === 401 && named !== "invalid_grant")
  const mend = isClientRefused ? ": check the client's id, its secret, and how it authenticates" : ""
  return new TokenResponseError(answered + namedAs(said ?? error, errorDescription) + mend, {
    status,
    error,
    errorDescription,
    errorUri: shownText(body?.["error_uri"], secrets),
    transient: status >= 500 || status === 429 || status === 408 || PASSING.has(error),
    // a proxy in between gives 408 and 5xx for a request that the issuer may yet have processed
    ambiguous: status >= 500 || status === 408,
    retryAfterMs: retryAfterMs(answer.header("retry-after"), now),
  })
}

// Many issuers refuse without an OAuth error; a JSON object in a language of its own stays unnamed: it may be anything,
// as may what could not be read. Other statuses come from proxies and firewalls too: a refresh token is not given up
// for them.
function impliedError(
  { status, text }: IssuerAnswer,
  body: object | undefined,
  grantType: string | undefined,
): string | undefined {
  if (text === undefined || body !== undefined || (status !== 400 && status !== 401)) return undefined
  return grantType === "refresh_token" ? "invalid_grant" : "invalid_client"
}

function namedAs(error: string | undefined, description: string | undefined): string {
  const named = error === undefined ? "" : ` ${error}`
  return named + (description === undefined ? "" : ` (${description})`)
}
