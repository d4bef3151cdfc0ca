import { pushedAuthorizationRequest, type AuthorizationServer } from "oauth4webapi"
import { TokenError } from "../errors.js"
import type { AuthorizationCodeOptions } from "./authorization-code-options.js"
import { EndpointClient } from "./endpoint-client.js"
import { jsonObjectOf } from "./json-object.js"
import { isRefusal, responseErrorOf } from "./response-error.js"

/** Hands an authorization request to the issuer, so that the browser carries only a reference to it (RFC 9126). */
export class PushedAuthorization {
  readonly #isAsked: boolean
  readonly #endpoint: EndpointClient | undefined

  /** @throws TypeError that names the option. */
  constructor(options: AuthorizationCodeOptions) {
    const {
      pushedAuthorizationRequest: isAsked = false,
      pushedAuthorizationRequestEndpoint: endpoint,
      issuer,
    } = options
    if (typeof isAsked !== "boolean") throw new TypeError("pushedAuthorizationRequest must be true or false")
    this.#isAsked = isAsked
    if (!isAsked && endpoint === undefined && issuer === undefined) return
    const configured = ["pushedAuthorizationRequestEndpoint", endpoint] as const
    this.#endpoint = new EndpointClient(options, "pushed_authorization_request_endpoint", configured)
  }

  /**
   * @returns what the browser carries: `request`, or a reference to it if it was to be pushed; a promise that rejects with
   * a `TokenError`, or with `signal.reason`.
   */
  async shown(
    request: URLSearchParams,
    { server, signal }: { readonly server: AuthorizationServer; readonly signal: AbortSignal | undefined },
  ): Promise<URLSearchParams> {
    const isWanted = this.#isAsked || server.require_pushed_authorization_requests === true
    return isWanted && this.#endpoint ? push(this.#endpoint, request, signal) : request
  }
}

async function push(
  endpoint: EndpointClient,
  request: URLSearchParams,
  signal: AbortSignal | undefined,
): Promise<URLSearchParams> {
  const { answer, secrets } = await endpoint.post(
    ({ server, client, authentication, options }) =>
      pushedAuthorizationRequest(server, client, authentication, request, options),
    signal,
  )
  if (isRefusal(answer)) {
    const name = "pushed authorization request endpoint"
    throw responseErrorOf(answer, { endpoint: name, secrets, now: endpoint.clock.now() })
  }
  const requestUri = jsonObjectOf(answer.text)?.["request_uri"]
  if (typeof requestUri !== "string" || requestUri === "") throw invalid()
  return new URLSearchParams({ request_uri: requestUri })
}

function invalid(): TokenError {
  const message = "the pushed authorization request endpoint's answer has no request_uri"
  return new TokenError("ERR_TOKEN_RESPONSE_INVALID", message, { transient: true })
}
