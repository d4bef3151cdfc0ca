import { createSecureContext } from "node:tls"

/**
 * Mutual TLS (RFC 8705, section 2): the issuer knows the client by the certificate of its connection, which an authority
 * vouches for, or which is registered itself. Where the issuer's metadata has endpoints for it
 * (`mtls_endpoint_aliases`, section 5), those are used.
 */
export interface MutualTls {
  readonly method: (typeof METHODS)[number]
  /**
   * In PEM, its intermediate certificates after it. Left out together with `key` where the option `dispatcher` or
   * `fetch` presents one: a certificate that changes, a key in hardware, a certificate authority of your own.
   */
  readonly certificate?: string | undefined
  /** In PEM, without passphrase. */
  readonly key?: string | undefined
}

const METHODS = ["tls_client_auth", "self_signed_tls_client_auth"] as const

/** What a connection presents, in PEM. */
export interface TlsCredentials {
  readonly cert: string
  readonly key: string
}

export function isMutualTls(authentication: unknown): authentication is MutualTls {
  if (typeof authentication !== "object" || authentication === null) return false
  const method: unknown = Reflect.get(authentication, "method")
  return METHODS.some((name) => name === method)
}

/**
 * @returns undefined where the application's own connections present the certificate, or none is presented.
 * @throws TypeError that names the option, and shows nothing of the key.
 */
export function tlsCredentialsOf(
  authentication: unknown,
  { hasOwnConnections }: { readonly hasOwnConnections: boolean },
): TlsCredentials | undefined {
  if (!isMutualTls(authentication)) return undefined
  const { certificate: cert, key } = authentication
  if (cert === undefined && key === undefined && hasOwnConnections) return undefined
  for (const [name, value] of Object.entries({ certificate: cert, key })) assertPem(name, value)
  if (hasOwnConnections) {
    throw new TypeError("clientAuthentication.certificate is given, but dispatcher or fetch connects; leave one out")
  }
  const credentials = { cert: String(cert), key: String(key) }
  assertMatching(credentials)
  return credentials
}

function assertPem(name: string, value: unknown): void {
  if (value === undefined || value === "") {
    const got = value === "" ? "empty" : "undefined"
    throw new TypeError(`clientAuthentication.${name} is ${got}. Is the environment variable that it comes from set?`)
  }
  if (typeof value !== "string") throw new TypeError(`clientAuthentication.${name} must be PEM text`)
}

function assertMatching(credentials: TlsCredentials): void {
  try {
    createSecureContext(credentials)
  } catch {
    throw new TypeError(
      "clientAuthentication.certificate and clientAuthentication.key must be PEM texts that belong together, the key " +
        "without passphrase",
    )
  }
}
