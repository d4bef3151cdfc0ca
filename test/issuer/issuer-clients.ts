import { generateKeyPairSync, type KeyObject } from "node:crypto"
import type { ClientMetadata } from "oidc-provider"
import { CANARY } from "../secrets/canary.js"
import { certificateMetadata, type MutualTlsOptions } from "./mutual-tls-port.js"

/** A client that authenticates by a secret, in one of the ways of RFC 6749, section 2.3.1, and OpenID Connect, section 9. */
export interface SecretClient {
  readonly clientId: string
  readonly clientSecret: string
}

/** A client that signs its assertion with a key of its own (RFC 7523). */
export interface KeyClient {
  readonly clientId: string
  readonly privateKey: KeyObject
  readonly keyId: string
}

/** Of the app, at any port. */
export const APP_REDIRECT_URI = "http://127.0.0.1/callback"

/** Every client the issuer knows, one for each way to authenticate, and two by which users sign in. */
export interface IssuerClients {
  /** No authentication: what its platform says of it is enough. */
  readonly workload: { readonly clientId: string }
  /** `client_secret_basic`. Identifier and secret have characters that the RFC's form-encoding changes. */
  readonly basic: SecretClient
  readonly post: SecretClient
  readonly secretJwt: SecretClient
  /** `private_key_jwt`, ES256. The key is made anew by each issuer. */
  readonly privateKeyJwt: KeyClient
  /** By a certificate that the authority vouches for; by one that is registered itself. Only with `mutualTls`. */
  readonly vouchedFor: { readonly clientId: string }
  readonly selfSigned: { readonly clientId: string }
  /** No authentication: only for refresh tokens. */
  readonly public: { readonly clientId: string }
  /** A program on the user's machine: by browser, coming back to any port of it, or by device code. */
  readonly app: { readonly clientId: string }
  /** A web application, which comes back to {@link WEB_REDIRECT_URI} only, and has to push its requests. */
  readonly web: SecretClient
}

/** Nobody is there. */
export const WEB_REDIRECT_URI = "https://web.example.test/signed-in?from=issuer"

const TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
const JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
const DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"

const PUBLIC = { token_endpoint_auth_method: "none" } as const
const NOBODY_SIGNS_IN = { redirect_uris: [], response_types: [] }
const ANY_GRANT: Partial<ClientMetadata> = {
  redirect_uris: [WEB_REDIRECT_URI],
  response_types: ["code"],
  grant_types: [
    ...["client_credentials", "refresh_token", "authorization_code"],
    ...[TOKEN_EXCHANGE, JWT_BEARER, DEVICE_CODE],
  ],
}

/** The clients whose identifier and secret are the same in every run, so that a child process needs nothing but the URL. */
export const secretClients = {
  basic: { clientId: "client:basic", clientSecret: `the ${CANARY}secret+of/the basic%client: 8f1c2d` },
  post: { clientId: "client-post", clientSecret: `the-${CANARY}secret-of-the-post-client-41c7a9` },
  secretJwt: { clientId: "client-secret-jwt", clientSecret: `the-${CANARY}secret-of-the-secret-jwt-client-d90b3e77` },
} as const satisfies Partial<IssuerClients>

export interface RegisteredClients {
  readonly clients: IssuerClients
  readonly metadata: ClientMetadata[]
}

/** The clients, and their registration at the provider for `scope`. Who keeps a secret or a key may have every grant. */
export function registerClients(scope: string, mutualTls?: MutualTlsOptions): RegisteredClients {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
  const keyId = "the-client-key"
  const clients: IssuerClients = {
    ...secretClients,
    privateKeyJwt: { clientId: "client-private-key-jwt", privateKey, keyId },
    vouchedFor: { clientId: "client-vouched-for" },
    selfSigned: { clientId: "client-self-signed" },
    public: { clientId: "client-public" },
    workload: { clientId: "client-workload" },
    app: { clientId: "client-app" },
    web: { clientId: "client-web", clientSecret: "the-secret-of-the-web-client-77b0c3e1" },
  }
  const metadata: ClientMetadata[] = []
  const register = ({ clientId, clientSecret }: Partial<SecretClient>, registered: Partial<ClientMetadata>) => {
    const secret = clientSecret === undefined ? {} : { client_secret: clientSecret }
    metadata.push({ client_id: String(clientId), ...secret, scope, ...registered })
  }
  const keyOfClient = { ...publicKey.export({ format: "jwk" }), kid: keyId, use: "sig", alg: "ES256" }
  register(clients.basic, { ...ANY_GRANT, token_endpoint_auth_method: "client_secret_basic" })
  register(clients.post, { ...ANY_GRANT, token_endpoint_auth_method: "client_secret_post" })
  register(clients.secretJwt, { ...ANY_GRANT, token_endpoint_auth_method: "client_secret_jwt" })
  const byKey = { token_endpoint_auth_method: "private_key_jwt", jwks: { keys: [keyOfClient] } } as const
  register(clients.privateKeyJwt, { ...ANY_GRANT, ...byKey })
  if (mutualTls) {
    const byCertificate = certificateMetadata(mutualTls)
    register(clients.vouchedFor, { ...ANY_GRANT, ...byCertificate.vouchedFor })
    register(clients.selfSigned, { ...ANY_GRANT, ...byCertificate.selfSigned })
  }
  register(clients.public, { ...NOBODY_SIGNS_IN, ...PUBLIC, grant_types: ["refresh_token"] })
  register(clients.workload, { ...NOBODY_SIGNS_IN, ...PUBLIC, grant_types: [TOKEN_EXCHANGE, JWT_BEARER] })
  register(clients.app, {
    ...PUBLIC,
    application_type: "native",
    redirect_uris: [APP_REDIRECT_URI],
    response_types: ["code"],
    grant_types: ["authorization_code", "refresh_token", DEVICE_CODE, TOKEN_EXCHANGE, JWT_BEARER],
  })
  register(clients.web, {
    token_endpoint_auth_method: "client_secret_basic",
    redirect_uris: [WEB_REDIRECT_URI],
    response_types: ["code"],
    grant_types: ["authorization_code", "refresh_token"],
    require_pushed_authorization_requests: true,
  })
  return { clients, metadata }
}
