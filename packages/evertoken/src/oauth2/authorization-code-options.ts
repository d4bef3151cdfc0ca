import type { OptionNames } from "../options-object.js"
import { TOKEN_ENDPOINT_OPTIONS, type TokenEndpointOptions } from "./token-endpoint-options.js"

/** One of `issuer` and `authorizationEndpoint` is required, and one of `issuer` and `tokenEndpoint`. */
export interface AuthorizationCodeOptions extends TokenEndpointOptions {
  /**
   * Where the browser is sent, an `https` URL (`http` for this machine only). Without `issuer`, neither `iss` (RFC 9207)
   * nor ID tokens are checked: then give each issuer a redirect URI of its own (RFC 9700, section 4.4).
   */
  readonly authorizationEndpoint?: string | undefined
  /**
   * Whether to hand the request to the issuer directly, and only a reference to it to the browser (RFC 9126). It is done in
   * any case where the issuer's metadata requires it. Default false.
   */
  readonly pushedAuthorizationRequest?: boolean | undefined
  /** The endpoint for that, if it is not to be discovered. */
  readonly pushedAuthorizationRequestEndpoint?: string | undefined
}

export const AUTHORIZATION_CODE_OPTIONS: OptionNames<AuthorizationCodeOptions> = {
  ...TOKEN_ENDPOINT_OPTIONS,
  authorizationEndpoint: true,
  pushedAuthorizationRequest: true,
  pushedAuthorizationRequestEndpoint: true,
}
