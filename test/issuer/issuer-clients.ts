import { generateKeyPairSync, type KeyObject } from "node:crypto"
import type { ClientMetadata } from "oidc-provider"
import { CANARY } from "../secrets/canary.js"

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
  /** No authentication: only for refresh tokens. */
  readonly public: { readonly clientId: string }
  /** A program on the user's machine: by browser, coming back to any port of it, or by device code. */
  readonly app: { readonly clientId: string }
  /** A web application, which comes back to {@link WEB_REDIRECT_URI} only, and has to push its requests. */
  readonly web: SecretClient
}

/** Nobody is there. */
export const WEB_REDIRECT_URI = "https://web.example.test/signed-in?from=issuer"

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

/** The clients, and their registration at the provider for `scope`. */
export function registerClients(scope: string): RegisteredClients {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
  const keyId = "the-client-key"
  const clients: IssuerClients = {
    ...secretClients,
    privateKeyJwt: { clientId: "client-private-key-jwt", privateKey, keyId },
    public: { clientId: "client-public" },
    workload: { clientId: "client-workload" },
    app: { clientId: "client-app" },
    web: { clientId: "client-web", clientSecret: "the-secret-of-the-web-client-77b0c3e1" },
  }
  const grants = { redirect_uris: [], response_types: [], scope }
  const confidential = { ...grants, grant_types: ["client_credentials", "refresh_token"] }
  const bySecret = (
    { clientId, clientSecret }: SecretClient,
    method: ClientMetadata["token_endpoint_auth_method"],
  ) => ({
    ...confidential,
    client_id: clientId,
    client_secret: clientSecret,
    token_endpoint_auth_method: method,
  })
  return {
    clients,
    metadata: [
      bySecret(clients.basic, "client_secret_basic"),
      bySecret(clients.post, "client_secret_post"),
      bySecret(clients.secretJwt, "client_secret_jwt"),
      {
        ...confidential,
        client_id: clients.privateKeyJwt.clientId,
        token_endpoint_auth_method: "private_key_jwt",
        jwks: { keys: [{ ...publicKey.export({ format: "jwk" }), kid: keyId, use: "sig", alg: "ES256" }] },
      },
      {
        ...grants,
        grant_types: ["refresh_token"],
        client_id: clients.public.clientId,
        token_endpoint_auth_method: "none",
      },
      {
        ...grants,
        grant_types: ["urn:ietf:params:oauth:grant-type:token-exchange", "urn:ietf:params:oauth:grant-type:jwt-bearer"],
        client_id: clients.workload.clientId,
        token_endpoint_auth_method: "none",
      },
      {
        ...grants,
        client_id: clients.app.clientId,
        token_endpoint_auth_method: "none",
        application_type: "native",
        redirect_uris: ["http://127.0.0.1/callback"],
        response_types: ["code"],
        grant_types: ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
      },
      {
        ...bySecret(clients.web, "client_secret_basic"),
        redirect_uris: [WEB_REDIRECT_URI],
        response_types: ["code"],
        grant_types: ["authorization_code", "refresh_token"],
        require_pushed_authorization_requests: true,
      },
    ],
  }
}
