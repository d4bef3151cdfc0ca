import {
  calculatePKCECodeChallenge,
  generateRandomCodeVerifier,
  generateRandomNonce,
  generateRandomState,
} from "oauth4webapi"
import { assertOptions } from "../options-object.js"
import { isSecureUrl } from "../secure-url.js"
import type { Token } from "../token.js"
import { AUTHORIZATION_CODE_OPTIONS, type AuthorizationCodeOptions } from "./authorization-code-options.js"
import { authorizationCodeFrom } from "./authorization-response.js"
import { EndpointClient } from "./endpoint-client.js"
import { assertText } from "./text-option.js"
import { PendingAuthorization } from "./pending-authorization.js"
import { PushedAuthorization } from "./pushed-authorization.js"
import { AUTHORIZATION_CODE, TokenEndpoint } from "./token-endpoint.js"

/** One sign-in. */
export interface AuthorizationRequest {
  /** Where the browser comes back to, exactly as it is registered. */
  readonly redirectUri: string
  /** More of the issuer's own, such as `prompt` or `login_hint`. They cannot take the place of the protocol's. */
  readonly parameters?: Readonly<Record<string, string>> | undefined
  /** This caller's patience. */
  readonly signal?: AbortSignal | undefined
}

/**
 * A user signs in with a browser (RFC 6749, section 4.1), in a program that has a redirect route of its own; for one on the
 * user's machine there is {@link signInWithBrowser}. Always with PKCE (RFC 7636, S256) and `state`, with `nonce` where
 * the scope has `openid`, and with `iss` checked (RFC 9207). Safe to use concurrently.
 *
 * The token has the grant's refresh token, if the issuer gave one: hand it to the `signIn` of a `CachedTokenSource` over a
 * `RefreshTokenSource`.
 */
export class AuthorizationCodeFlow {
  readonly #authorization: EndpointClient
  readonly #token: TokenEndpoint
  readonly #pushed: PushedAuthorization
  readonly #clientId: string
  readonly #keyThumbprint: string | undefined
  readonly #isForUserInfo: boolean

  /** @throws TypeError that names the option, and shows nothing of a secret. */
  constructor(options: AuthorizationCodeOptions) {
    assertOptions("AuthorizationCodeFlow", options, AUTHORIZATION_CODE_OPTIONS)
    this.#token = new TokenEndpoint(options)
    const configured = ["authorizationEndpoint", options.authorizationEndpoint] as const
    this.#authorization = new EndpointClient(options, "authorization_endpoint", configured)
    this.#pushed = new PushedAuthorization(options)
    this.#clientId = options.clientId
    this.#keyThumbprint = options.dpop?.thumbprint
    this.#isForUserInfo = options.scope?.split(" ").includes("openid") ?? false
  }

  /**
   * Begins a sign-in: send the browser to the `url` of what comes back. No browser waits longer than the issuer lets it;
   * what is never completed needs no clearing up.
   * @returns a promise that rejects with a `TokenError` if the issuer's metadata cannot be had, or the request be pushed;
   * with `signal.reason`; with a `TypeError` for an argument.
   */
  async begin({ redirectUri, parameters = {}, signal }: AuthorizationRequest): Promise<PendingAuthorization> {
    assertRedirectUri(redirectUri)
    assertParameters(parameters)
    const { server, url } = await this.#authorization.find(signal)
    const state = generateRandomState()
    const codeVerifier = generateRandomCodeVerifier()
    const nonce = this.#isForUserInfo ? generateRandomNonce() : undefined
    const request = new URLSearchParams([
      ...Object.entries(parameters),
      ...this.#token.asked,
      ["response_type", "code"],
      ["redirect_uri", redirectUri],
      ["state", state],
      ["code_challenge", await calculatePKCECodeChallenge(codeVerifier)],
      ["code_challenge_method", "S256"],
    ])
    if (nonce !== undefined) request.set("nonce", nonce)
    // the code, too, is bound to the key (RFC 9449, section 10)
    if (this.#keyThumbprint !== undefined) request.set("dpop_jkt", this.#keyThumbprint)
    const shown = await this.#pushed.shown(request, { server, signal })
    const target = new URL(url)
    target.searchParams.append("client_id", this.#clientId)
    for (const [name, value] of shown) target.searchParams.append(name, value)
    return new PendingAuthorization({
      url: target.href,
      redirectUri,
      issuer: server.issuer,
      state,
      codeVerifier,
      nonce,
    })
  }

  /**
   * Completes a sign-in with the URL that the browser came back by, or its path and query. Call it once: a code works once.
   * `pending` is that of the browser's own session, never one looked up by the `state` of the URL.
   * @returns a promise that rejects with a `TokenError`: `ERR_TOKEN_RESPONSE_INVALID` if the URL does not answer `pending`
   * (another `state`, another issuer, no code), a `TokenResponseError` if the user or the issuer said no, or as
   * `ClientCredentialsSource` does; with `signal.reason`; with a `TypeError` if `pending` is of another flow's issuer.
   */
  async complete(
    callback: URL | string,
    pending: PendingAuthorization,
    { signal }: Pick<AuthorizationRequest, "signal"> = {},
  ): Promise<Token> {
    if (!(pending instanceof PendingAuthorization)) throw new TypeError("pending must be a PendingAuthorization")
    const { redirectUri, issuer, codeVerifier, nonce } = pending
    const { searchParams } = urlOf(callback, redirectUri)
    const { server } = await this.#authorization.find(signal)
    if (issuer !== server.issuer) throw new TypeError("pending was begun with another issuer")
    const knowsIssuer = this.#authorization.location.issuer !== undefined
    const client = { client_id: this.#clientId }
    const code = authorizationCodeFrom(searchParams, { server, client, pending, knowsIssuer })
    const parameters = { code, redirect_uri: redirectUri, code_verifier: codeVerifier }
    return this.#token.request({ grantType: AUTHORIZATION_CODE, parameters, expectedNonce: nonce, signal })
  }
}

function urlOf(callback: unknown, base: string): URL {
  const text = callback instanceof URL ? callback.href : callback
  if (typeof text === "string" && URL.canParse(text, base)) return new URL(text, base)
  throw new TypeError("callback must be the URL that the browser came back by, or its path and query")
}

// RFC 8252, section 7.1: a scheme of the program's own is a domain name in reverse
const PRIVATE_SCHEME = /^[a-z][a-z0-9+-]*\.[a-z0-9.+-]+:$/

function assertRedirectUri(redirectUri: unknown): void {
  const url = typeof redirectUri === "string" && URL.canParse(redirectUri) ? new URL(redirectUri) : undefined
  if (url && !url.href.includes("#") && (isSecureUrl(url) || PRIVATE_SCHEME.test(url.protocol))) return
  throw new TypeError("redirectUri must be an https URL (http for this machine only) without a fragment")
}

// what is made here, and what would make the answer one that is not understood
const PROTOCOL = new Set([
  "client_id",
  "response_type",
  "response_mode",
  "redirect_uri",
  "scope",
  "resource",
  "state",
  "nonce",
  "code_challenge",
  "code_challenge_method",
  "request",
  "request_uri",
  "max_age",
  "dpop_jkt",
])

function assertParameters(parameters: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(parameters)) {
    if (PROTOCOL.has(name)) throw new TypeError(`parameters must not have ${name}: it is the library's`)
    assertText(`parameters.${name}`, value)
  }
}
