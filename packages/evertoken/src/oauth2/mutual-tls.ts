import type { TextFile } from "../text-file.js"

/**
 * Mutual TLS (RFC 8705, section 2): the issuer knows the client by the certificate of its connection, which an authority
 * vouches for, or which is registered itself. Where the issuer's metadata has endpoints for it
 * (`mtls_endpoint_aliases`, section 5), those are used.
 */
export interface MutualTls {
  readonly method: (typeof METHODS)[number]
  /**
   * In PEM, its intermediate certificates after it, or the file in which they stand: read anew for each request, so that the
   * next renewal presents what was written there since. Left out together with `key` where the option `dispatcher` or
   * `fetch` presents one: a key in hardware, say.
   */
  readonly certificate?: string | TextFile | undefined
  /** In PEM, without passphrase, or its file. As long as the two do not belong together, those before are presented. */
  readonly key?: string | TextFile | undefined
}

const METHODS = ["tls_client_auth", "self_signed_tls_client_auth"] as const

export function isMutualTls(authentication: unknown): authentication is MutualTls {
  if (typeof authentication !== "object" || authentication === null) return false
  const method: unknown = Reflect.get(authentication, "method")
  return METHODS.some((name) => name === method)
}
