import type { Clock, LifetimePolicy } from "evertoken"
import type { ClientAuthentication, IssuerOptions, TokenEndpointOptions } from "evertoken/oauth2"
import type { PolicyConfig, TokenConfig } from "../config/token-config.js"

/** What a request for a named token is made of. */
export function endpointOptions(
  config: TokenConfig,
  clientSecret: string | undefined,
  clock: Clock,
): TokenEndpointOptions {
  const { tokenEndpoint, scope, audience, resource, policy } = config
  return {
    ...issuerOptions(config, clientSecret, clock),
    ...{ tokenEndpoint, scope, audience, resource },
    ...lifetimePolicy(policy),
  }
}

/** Whom to ask, and who asks. */
export function issuerOptions(
  { issuer, client, certificateAuthority: file }: TokenConfig,
  clientSecret: string | undefined,
  clock: Clock,
): IssuerOptions {
  return {
    ...{ issuer, clientId: client.id, clientSecret, clientAuthentication: authenticationOf(client) },
    certificateAuthority: file === undefined ? undefined : { file },
    clock,
  }
}

/** When a token is to be renewed, by the library's names. */
export function lifetimePolicy(policy: PolicyConfig = {}): LifetimePolicy {
  return {
    freshness: policy.freshness,
    refreshLeadMs: policy.refreshLead,
    minimumStaleMs: policy.minimumStale,
    defaultLifetimeMs: policy.defaultLifetime,
  }
}

function authenticationOf({ authentication, secret }: TokenConfig["client"]): ClientAuthentication {
  if (authentication === undefined) return secret === undefined ? "none" : "client_secret_basic"
  if (typeof authentication === "string") return authentication
  if (authentication.method === "client_assertion") {
    return { method: "client_assertion", assertion: { file: authentication.assertion } }
  }
  const key = { file: authentication.key }
  if (authentication.method === "tls_client_auth") {
    return { method: "tls_client_auth", certificate: { file: authentication.certificate }, key }
  }
  const { method, keyId, algorithm } = authentication
  return { method, key, keyId, algorithm }
}
