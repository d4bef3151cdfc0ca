import { generateKeyPairSync, randomBytes } from "node:crypto"
import type * as oidcProvider from "oidc-provider"
import type { ClientMetadata, Configuration, Provider } from "oidc-provider"
import { CANARY } from "../secrets/canary.js"
import type { IssuerStore } from "./issuer-store.js"
import { mutualTlsAliases, mutualTlsFeature } from "./mutual-tls-port.js"

export interface ProviderSettings {
  readonly issuer: string
  readonly clients: ClientMetadata[]
  readonly scopes: readonly string[]
  readonly store: IssuerStore
  readonly rotation: boolean
  readonly dpopNonces: boolean
  /** Where clients authenticate by certificate. Undefined: nowhere. */
  readonly mutualTlsUrl: string | undefined
  /** Read at each token issued. In seconds, as the wire has it. */
  readonly lifetimes: { accessTokenSeconds: number; refreshTokenSeconds: number }
}

/** The certified issuer, oidc-provider. Users sign in by the pages it has for that purpose: any name and password will do. */
export async function createProvider(settings: ProviderSettings): Promise<Provider> {
  const { Provider: OidcProvider } = await loadOidcProvider()
  const provider = await quietly(async () => new OidcProvider(settings.issuer, configurationOf(settings)))
  // the host of a request is the one of the issuer: no proxy is involved
  provider.proxy = false
  for (const { prototype } of [provider.AccessToken, provider.ClientCredentials, provider.RefreshToken]) {
    issueCanaries(prototype)
  }
  return provider
}

const AUTH_METHODS = [
  "client_secret_basic",
  "client_secret_post",
  "client_secret_jwt",
  "private_key_jwt",
  "none",
] as const

function configurationOf(settings: ProviderSettings): Configuration {
  const { clients, scopes, store, rotation, dpopNonces, mutualTlsUrl, lifetimes } = settings
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
  const aYear = 365 * 24 * 3600
  return {
    adapter: store.adapterOf,
    clients,
    clientDefaults: { id_token_signed_response_alg: "ES256" },
    jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), alg: "ES256", use: "sig", kid: "issuer-key" }] },
    scopes: [...scopes],
    cookies: { keys: ["no session outlives a test"] },
    ...(mutualTlsUrl !== undefined && {
      clientAuthMethods: [...AUTH_METHODS, "tls_client_auth", "self_signed_tls_client_auth"],
      discovery: { mtls_endpoint_aliases: mutualTlsAliases(mutualTlsUrl) },
    }),
    features: {
      ...(mutualTlsUrl !== undefined && { mTLS: mutualTlsFeature }),
      devInteractions: { enabled: true },
      deviceFlow: {
        enabled: true,
        userCodeInputSource: async (ctx, form) => void (ctx.body = form),
        userCodeConfirmSource: async (ctx, form) => void (ctx.body = form),
        successSource: async (ctx) => void (ctx.body = "You may go back to your device."),
      },
      pushedAuthorizationRequests: { enabled: true },
      clientCredentials: { enabled: true },
      revocation: { enabled: true, allowedPolicy: () => true },
      dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => dpopNonces },
      introspection: { enabled: true, allowedPolicy: () => true },
      resourceIndicators: {
        enabled: true,
        // issuers name it `audience` or `resource` (RFC 8707): the one stands in for the other here
        defaultResource: (ctx) => audienceOf(ctx.oidc.body) ?? [],
        useGrantedResource: () => true,
        getResourceServerInfo: (_ctx, resource) => ({
          audience: resource,
          scope: scopes.join(" "),
          accessTokenFormat: "opaque",
          accessTokenTTL: lifetimes.accessTokenSeconds,
        }),
      },
    },
    findAccount: (_ctx, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    rotateRefreshToken: rotation,
    ttl: {
      AccessToken: () => lifetimes.accessTokenSeconds,
      ClientCredentials: () => lifetimes.accessTokenSeconds,
      RefreshToken: () => lifetimes.refreshTokenSeconds,
      IdToken: 3600,
      Grant: aYear,
      Interaction: 3600,
      DeviceCode: 600,
      Session: 3600,
    },
  }
}

function issueCanaries(prototype: object): void {
  const generate = Reflect.get(prototype, "generateTokenId") as () => string
  Object.defineProperty(prototype, "generateTokenId", {
    value(this: object) {
      return `${CANARY}${generate.call(this)}`
    },
  })
}

function audienceOf(body: unknown): string | undefined {
  if (typeof body !== "object" || body === null || !("audience" in body)) return undefined
  return typeof body.audience === "string" ? body.audience : undefined
}

export function loadOidcProvider(): Promise<typeof oidcProvider> {
  return quietly(() => import("oidc-provider"))
}

/** It warns of Node 20 and of its own pages, through the console and with no way to say no. */
async function quietly<T>(work: () => Promise<T>): Promise<T> {
  const { warn } = console
  console.warn = (...texts: unknown[]) => {
    if (!String(texts[0]).includes("oidc-provider WARNING")) warn(...texts)
  }
  try {
    return await work()
  } finally {
    console.warn = warn
  }
}
