import { X509Certificate } from "node:crypto"
import { createServer, type Server } from "node:https"
import { TLSSocket } from "node:tls"
import type { ClientMetadata, Configuration } from "oidc-provider"
import type { Authority, Credentials } from "../hostile/certificates.js"

/** Whom the certificate of a `tls_client_auth` client names. */
export const REGISTERED_NAME = "billing.client.test"

export interface MutualTlsOptions {
  /** Vouches for the issuer, and for clients. */
  readonly authority: Authority
  /** What the client of `self_signed_tls_client_auth` has registered. */
  readonly selfSigned: Credentials
  /** Whether a connection without a certificate that is vouched for ends in the handshake. Default false. */
  readonly strict?: boolean
}

/** A server behind TLS that wants certificates. */
export async function createMutualTlsServer({ authority, strict = false }: MutualTlsOptions): Promise<Server> {
  const credentials = await authority.issue()
  return createServer({ ...credentials, ca: authority.certificate, requestCert: true, rejectUnauthorized: strict })
}

/** What the two clients that authenticate by certificate have registered. */
export function certificateMetadata({ selfSigned }: MutualTlsOptions): {
  readonly vouchedFor: Partial<ClientMetadata>
  readonly selfSigned: Partial<ClientMetadata>
} {
  const { raw, publicKey } = new X509Certificate(selfSigned.cert)
  const jwk = { ...publicKey.export({ format: "jwk" }), x5c: [raw.toString("base64")], use: "sig" }
  return {
    vouchedFor: { token_endpoint_auth_method: "tls_client_auth", tls_client_auth_san_dns: REGISTERED_NAME },
    selfSigned: { token_endpoint_auth_method: "self_signed_tls_client_auth", jwks: { keys: [jwk] } },
  }
}

/** How the provider learns what a connection has presented. */
export const mutualTlsFeature: NonNullable<Configuration["features"]>["mTLS"] = {
  enabled: true,
  tlsClientAuth: true,
  selfSignedTlsClientAuth: true,
  getCertificate: ({ socket }) => certificateOf(socket)?.toString(),
  certificateAuthorized: ({ socket }) => socket instanceof TLSSocket && socket.authorized,
  certificateSubjectMatches: ({ socket }, _property, expected) =>
    certificateOf(socket)?.checkHost(expected) !== undefined,
}

/** The endpoints at `url`, as the issuer's metadata names them (RFC 8705, section 5). */
export function mutualTlsAliases(url: string): Readonly<Record<string, string>> {
  return {
    token_endpoint: `${url}/token`,
    pushed_authorization_request_endpoint: `${url}/request`,
    device_authorization_endpoint: `${url}/device/auth`,
  }
}

/** What the other side of a connection has presented. */
export function certificateOf(socket: unknown): X509Certificate | undefined {
  return socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined
}
