import { AuthorizationResponseError, validateAuthResponse, type AuthorizationServer, type Client } from "oauth4webapi"
import { systemErrorCode, TokenError, TokenResponseError } from "../errors.js"
import type { PendingAuthorization } from "./pending-authorization.js"
import { PASSING } from "./response-error.js"
import { shownText } from "../shown-text.js"

export interface AnsweredAuthorization {
  readonly server: AuthorizationServer
  readonly client: Client
  readonly pending: PendingAuthorization
  /** Whether its `iss` can be judged. */
  readonly knowsIssuer: boolean
}

/**
 * The code in what the browser brought back (RFC 6749, section 4.1.2), if it answers this very request.
 * @throws TokenError: a `TokenResponseError` if the issuer or the user said no, else `ERR_TOKEN_RESPONSE_INVALID`.
 */
export function authorizationCodeFrom(callback: URLSearchParams, request: AnsweredAuthorization): string {
  const { server, client, pending, knowsIssuer } = request
  const parameters = new URLSearchParams(callback)
  if (!knowsIssuer) parameters.delete("iss")
  try {
    const [code, ...more] = validateAuthResponse(server, client, parameters, pending.state).getAll("code")
    if (code && more.length === 0) return code
  } catch (error) {
    if (error instanceof AuthorizationResponseError) throw refusal(parameters, pending)
    throw invalid(reasonOf(error, parameters, request))
  }
  throw invalid(parameters.has("code") ? "it has more than one code" : "it has no code")
}

function refusal(parameters: URLSearchParams, { state, codeVerifier }: PendingAuthorization): TokenResponseError {
  const secrets = [state, codeVerifier, parameters.get("code") ?? ""]
  const shown = (name: string) => shownText(parameters.get(name), secrets)
  const error = shown("error") ?? "an unnamed error"
  const errorDescription = shown("error_description")
  const described = errorDescription === undefined ? "" : ` (${errorDescription})`
  return new TokenResponseError(`the sign-in was answered with ${error}${described}`, {
    // the one by which the browser was sent back
    status: 302,
    error,
    errorDescription,
    errorUri: shown("error_uri"),
    transient: PASSING.has(error),
  })
}

/** In words of our own: the other ones may quote the answer. */
function reasonOf(error: unknown, parameters: URLSearchParams, { server, pending }: AnsweredAuthorization): string {
  const states = parameters.getAll("state")
  const issuers = parameters.getAll("iss")
  if (states.length === 0) return "it has no state"
  if (states.length === 1 && states[0] !== pending.state) return "its state is that of another sign-in"
  if (issuers.length === 0 && server.authorization_response_iss_parameter_supported) return "it has no iss"
  if (issuers.length === 1 && issuers[0] !== server.issuer) return "its iss is another issuer"
  return systemErrorCode(error) ?? "unknown reason"
}

function invalid(why: string): TokenError {
  const message = `the answer that the browser brought is not valid: ${why}`
  return new TokenError("ERR_TOKEN_RESPONSE_INVALID", message, { transient: false })
}
