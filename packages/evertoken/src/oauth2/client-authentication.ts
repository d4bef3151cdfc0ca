import {
  ClientSecretBasic,
  ClientSecretJwt,
  ClientSecretPost,
  modifyAssertion,
  None,
  PrivateKeyJwt as oauthPrivateKeyJwt,
  TlsClientAuth,
  type ClientAuth,
} from "oauth4webapi"
import { clientAssertionOf, isClientAssertion, type ClientAssertion } from "./client-assertion.js"
import { isMutualTls, type MutualTls } from "./mutual-tls.js"
import { currentSigningKey, type SigningKeyOptions } from "./current-signing-key.js"

/**
 * How the client proves who it is, by its registered name (`token_endpoint_auth_method`, RFC 7591, section 2):
 *
 * - `"client_secret_basic"`: the secret in the `authorization` header, form-encoded first (RFC 6749, section 2.3.1);
 * - `"client_secret_basic_raw"`: the same without form-encoding, for issuers that do not undo it. It matters only
 *   where the client id or the secret has other characters than letters and digits;
 * - `"client_secret_post"`: the secret in the form;
 * - `"client_secret_jwt"`: a JWT signed with the secret (HS256; RFC 7523), which itself is not sent;
 * - `"none"`: a public client;
 * - {@link PrivateKeyJwt}: a JWT signed with a private key;
 * - {@link ClientAssertion}: a JWT that somebody else has signed, such as the platform that the client runs on;
 * - {@link MutualTls}: the certificate of the connection.
 */
export type ClientAuthentication = (typeof METHODS)[number] | PrivateKeyJwt | ClientAssertion | MutualTls

/**
 * A JWT signed with a private key (RFC 7523; OpenID Connect Core, section 9). Its audience is the issuer's
 * identifier, or the token endpoint where no `issuer` is configured.
 */
export interface PrivateKeyJwt extends SigningKeyOptions {
  readonly method: "private_key_jwt"
}

const METHODS = [
  "client_secret_basic",
  "client_secret_basic_raw",
  "client_secret_post",
  "client_secret_jwt",
  "none",
] as const

/** Who the client is, and how it proves that (RFC 6749, section 2.3). Checked when it is constructed, never changed. */
export interface ClientAuthenticationOptions {
  readonly clientId: string
  readonly clientSecret?: string | undefined
  readonly clientAuthentication?: ClientAuthentication | undefined
}

/** @throws TypeError that names the option, and shows nothing of a secret. */
export function clientAuthenticationOf(options: ClientAuthenticationOptions): ClientAuth {
  const { clientSecret, clientAuthentication: method = "client_secret_basic" } = options
  assertMethod(method)
  if (typeof method === "object") {
    assertNoSecret(clientSecret, method.method)
    if (isMutualTls(method)) return TlsClientAuth()
    return isClientAssertion(method) ? clientAssertionOf(method) : privateKeyJwt(method)
  }
  if (method === "none") {
    assertNoSecret(clientSecret, method)
    return None()
  }
  assertSecret(clientSecret, method)
  if (method === "client_secret_post") return ClientSecretPost(clientSecret)
  if (method === "client_secret_jwt") return ClientSecretJwt(clientSecret)
  return method === "client_secret_basic" ? ClientSecretBasic(clientSecret) : rawBasic(options.clientId, clientSecret)
}

function rawBasic(clientId: string, clientSecret: string): ClientAuth {
  if (clientId.includes(":")) {
    throw new TypeError('clientId must not hold a colon with clientAuthentication "client_secret_basic_raw" (RFC 7617)')
  }
  const credentials = Buffer.from(`${clientId}:${clientSecret}`).toString("base64")
  return (_server, _client, _body, headers) => headers.set("authorization", `Basic ${credentials}`)
}

function privateKeyJwt(options: PrivateKeyJwt): ClientAuth {
  const currentKey = currentSigningKey(options)
  return async (...request) => {
    const { algorithm, keyId, load } = await currentKey()
    const authenticate = oauthPrivateKeyJwt(
      { key: await load(), ...(keyId !== undefined && { kid: keyId }) },
      {
        // oauth4webapi calls every Edwards curve signature Ed25519; most issuers still know it as EdDSA
        [modifyAssertion]: (header) => void (header["alg"] = algorithm),
      },
    )
    return authenticate(...request)
  }
}

function assertMethod(method: unknown): void {
  if (METHODS.some((name) => name === method)) return
  if (typeof method === "object" && method !== null && "method" in method && method.method === "private_key_jwt") return
  if (isMutualTls(method) || isClientAssertion(method)) return
  const names = METHODS.map((name) => `"${name}"`).join(", ")
  const objects = [
    '{ method: "private_key_jwt", key }',
    '{ method: "client_assertion", assertion }',
    '{ method: "tls_client_auth", certificate, key }',
  ]
  throw new TypeError(`clientAuthentication must be ${names}, or ${objects.join(" or ")}`)
}

function assertSecret(clientSecret: unknown, method: string): asserts clientSecret is string {
  if (clientSecret === undefined) {
    throw new TypeError(
      `clientSecret is undefined, but clientAuthentication "${method}" needs it. Is the environment variable that it ` +
        'comes from set? A client without a secret has clientAuthentication "none"',
    )
  }
  if (typeof clientSecret !== "string" || clientSecret === "")
    throw new TypeError("clientSecret must be a string, not empty")
  // it could be written neither in a header nor in a form
  if (/\p{Cs}/u.test(clientSecret)) throw new TypeError("clientSecret must not hold halves of surrogate pairs")
  if (/\p{Cc}/u.test(clientSecret)) {
    throw new TypeError("clientSecret must not hold control characters; it may end in the line end of a file")
  }
}

function assertNoSecret(clientSecret: unknown, method: string): void {
  if (clientSecret === undefined) return
  throw new TypeError(`clientSecret is given, but clientAuthentication "${method}" does not use it; leave one out`)
}
