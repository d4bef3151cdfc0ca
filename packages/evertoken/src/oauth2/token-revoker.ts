import { assertOptions, type OptionNames } from "../options-object.js"
import { revocationRequest } from "oauth4webapi"
import { EndpointClient } from "./endpoint-client.js"
import { assertIssuerOptions, ISSUER_OPTIONS, type IssuerOptions } from "./issuer-options.js"
import { assertText } from "./text-option.js"
import { isRefusal, responseErrorOf } from "./response-error.js"
import { parametersOf, type TokenQuestion } from "./token-question.js"

/** One of `issuer` and `revocationEndpoint` is required. */
export interface TokenRevokerOptions extends IssuerOptions {
  /** The revocation endpoint, an `https` URL (`http` for this machine only). */
  readonly revocationEndpoint?: string | undefined
}

const NAMES: OptionNames<TokenRevokerOptions> = { ...ISSUER_OPTIONS, revocationEndpoint: true }

/**
 * Tells an issuer that tokens are not needed any more (RFC 7009), as when a user signs out. With a refresh token its
 * access tokens end, too, where the issuer can end them (section 2.1). Nothing of it touches a cache: for that there is
 * the `signOut` of a `CachedTokenSource`. Safe to use concurrently.
 */
export class TokenRevoker {
  readonly #endpoint: EndpointClient

  /** @throws TypeError that names the option, and shows nothing of a secret. */
  constructor(options: TokenRevokerOptions) {
    assertOptions("TokenRevoker", options, NAMES)
    assertIssuerOptions(options)
    const configured = ["revocationEndpoint", options.revocationEndpoint] as const
    this.#endpoint = new EndpointClient(options, "revocation_endpoint", configured)
  }

  /**
   * One request. A token that the issuer does not know, or that has ended already, is a success (section 2.2). After a
   * failure that is transient it may be tried again.
   * @returns a promise that rejects with a `TokenError` (`ERR_TOKEN_REQUEST`, `ERR_TOKEN_REQUEST_TIMEOUT`,
   * `ERR_TOKEN_RESPONSE`, `ERR_TOKEN_RESPONSE_INVALID`), or with `signal.reason`; with a `TypeError` if there is no
   * token to revoke.
   */
  async revoke(token: string, { hint, signal }: TokenQuestion = {}): Promise<void> {
    assertText("token", token)
    const additionalParameters = parametersOf(hint)
    const { answer, secrets } = await this.#endpoint.post(
      ({ server, client, authentication, options }) =>
        revocationRequest(server, client, authentication, token, { ...options, additionalParameters }),
      signal,
    )
    if (!isRefusal(answer)) return
    throw responseErrorOf(answer, { endpoint: "revocation endpoint", secrets, now: this.#endpoint.clock.now() })
  }
}
