import type { OptionNames } from "../options-object.js"
import { assertLifetimePolicy, type LifetimePolicy } from "../token-lifetime.js"
import { assertDPoPKey, type DPoPKey } from "./dpop-key.js"
import { assertIssuerOptions, ISSUER_OPTIONS, type IssuerOptions } from "./issuer-options.js"
import { assertText } from "./text-option.js"

/** What every grant needs: where to ask, who asks, and for what. One of `issuer` and `tokenEndpoint` is required. */
export interface TokenEndpointOptions extends IssuerOptions, LifetimePolicy {
  /** The token endpoint, an `https` URL (`http` for this machine only). Without `issuer`, ID tokens are not checked. */
  readonly tokenEndpoint?: string | undefined
  /** Separated by spaces (RFC 6749, section 3.3). */
  readonly scope?: string | undefined
  /** For whom the token is, by a name the issuer knows (Auth0 and others; RFC 8693, section 2.1). */
  readonly audience?: string | undefined
  /** For what the token is, as absolute URIs (RFC 8707). */
  readonly resource?: string | readonly string[] | undefined
  /** Binds the tokens to this key (DPoP, RFC 9449). An issuer that knows nothing of it gives unbound ones. */
  readonly dpop?: DPoPKey | undefined
}

export const TOKEN_ENDPOINT_OPTIONS: OptionNames<TokenEndpointOptions> = {
  ...ISSUER_OPTIONS,
  tokenEndpoint: true,
  scope: true,
  audience: true,
  resource: true,
  dpop: true,
  freshness: true,
  minimumStaleMs: true,
  refreshLeadMs: true,
  defaultLifetimeMs: true,
}

/** @throws TypeError that names the option. */
export function assertTokenEndpointOptions(options: TokenEndpointOptions): void {
  assertIssuerOptions(options)
  for (const name of ["scope", "audience"] as const) {
    if (options[name] !== undefined) assertText(name, options[name])
  }
  for (const uri of resourcesOf(options.resource)) assertResource(uri)
  assertDPoPKey(options.dpop)
  assertLifetimePolicy(options)
}

/** One, several or no resources as a list. */
export function resourcesOf(resource: string | readonly string[] | undefined): readonly string[] {
  return resource === undefined ? [] : [resource].flat()
}

function assertResource(uri: unknown): void {
  if (typeof uri === "string" && URL.canParse(uri) && !uri.includes("#")) return
  throw new TypeError("resource must be an absolute URI without a fragment, or several (RFC 8707, section 2)")
}
