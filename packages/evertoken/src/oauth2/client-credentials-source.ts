import { assertOptions } from "../options-object.js"
import type { TokenRequest, TokenSource } from "../token-source.js"
import type { Token } from "../token.js"
import { TOKEN_ENDPOINT_OPTIONS, type TokenEndpointOptions } from "./token-endpoint-options.js"
import { TokenEndpoint } from "./token-endpoint.js"

/** Where to ask, who asks, and for what: this grant needs no more (RFC 6749, section 4.4.2). */
export type ClientCredentialsOptions = TokenEndpointOptions

/**
 * The client's own tokens (RFC 6749, section 4.4): each call asks the issuer once. Wrap it in a `CachedTokenSource` or
 * a `TokenWatcher`. A refresh token in the answer is dropped (section 4.4.3). Safe to use concurrently.
 */
export class ClientCredentialsSource implements TokenSource {
  readonly fingerprint: string
  readonly singleUse = false
  readonly #endpoint: TokenEndpoint

  /** @throws TypeError that names the option, and shows nothing of a secret. */
  constructor(options: ClientCredentialsOptions) {
    assertOptions("ClientCredentialsSource", options, TOKEN_ENDPOINT_OPTIONS)
    this.#endpoint = new TokenEndpoint(options)
    // apart from the grants of users, to whom no grant type is added
    this.fingerprint = this.#endpoint.fingerprint(undefined, "client_credentials")
  }

  /**
   * @returns a promise that rejects with a `TokenError` (`ERR_TOKEN_REQUEST`, `ERR_TOKEN_REQUEST_TIMEOUT`,
   * `ERR_TOKEN_RESPONSE`, `ERR_TOKEN_RESPONSE_INVALID`, `ERR_TOKEN_LIFETIME`), or with `signal.reason`.
   */
  getToken({ signal }: TokenRequest = {}): Promise<Token> {
    return this.#endpoint.request({ grantType: "client_credentials", signal, isForUser: false })
  }
}
