import { once } from "node:events"
import { generateKeyPairSync, X509Certificate } from "node:crypto"
import { createServer, type Server } from "node:https"
import type { AddressInfo } from "node:net"
import { TLSSocket } from "node:tls"
import type { Authority, Credentials } from "../hostile/certificates.js"
import type { ClientMetadata, Provider } from "oidc-provider"
import { loadOidcProvider } from "../issuer/issuer-provider.js"
import { IssuerStore } from "../issuer/issuer-store.js"

/** Whom the certificate of a `tls_client_auth` client names. */
export const REGISTERED_NAME = "billing.client.test"

export interface MutualTlsIssuerOptions {
  /** Vouches for the issuer, and for clients. */
  readonly authority: Authority
  /** What the client of `self_signed_tls_client_auth` has registered. */
  readonly selfSigned: Credentials
  /** Whether a connection without a certificate that is vouched for ends in the handshake. */
  readonly strict?: boolean
}

/** oidc-provider behind TLS at two ports: one for everybody, and one, named in its metadata, that wants certificates. */
export class MutualTlsIssuer {
  readonly url: string
  readonly mutualTlsUrl: string
  /** The port and path of every request, in the order of arrival. */
  readonly requests: readonly string[]
  readonly #servers: readonly Server[]

  private constructor(servers: readonly [Server, Server], urls: readonly [string, string], requests: string[]) {
    this.#servers = servers
    this.url = urls[0]
    this.mutualTlsUrl = urls[1]
    this.requests = requests
  }

  static async start({ authority, selfSigned, strict = false }: MutualTlsIssuerOptions): Promise<MutualTlsIssuer> {
    const credentials = await authority.issue()
    const certificates = { ca: authority.certificate, requestCert: true, rejectUnauthorized: strict }
    const servers = [createServer(credentials), createServer({ ...credentials, ...certificates })] as const
    const [url, mutualTlsUrl] = [await listen(servers[0]), await listen(servers[1])]
    const provider = await createProvider(url, mutualTlsUrl, selfSigned)
    const provide = provider.callback()
    const requests: string[] = []
    servers.forEach((server, at) => {
      server.on("request", (request, response) => {
        requests.push(`${at === 0 ? "plain" : "mutual"} ${request.url ?? ""}`)
        provide(request, response).catch(() => response.destroy())
      })
    })
    return new MutualTlsIssuer(servers, [url, mutualTlsUrl], requests)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) {
      const closed = once(server, "close")
      server.close()
      server.closeAllConnections()
      await closed
    }
  }
}

async function createProvider(url: string, mutualTlsUrl: string, selfSigned: Credentials): Promise<Provider> {
  const { Provider: OidcProvider } = await loadOidcProvider()
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
  const client: Omit<ClientMetadata, "client_id"> = {
    grant_types: ["client_credentials"],
    redirect_uris: [],
    response_types: [],
    id_token_signed_response_alg: "ES256",
  }
  const { raw, publicKey } = new X509Certificate(selfSigned.cert)
  const jwk = { ...publicKey.export({ format: "jwk" }), x5c: [raw.toString("base64")], use: "sig" }
  const provider = new OidcProvider(url, {
    adapter: new IssuerStore({ reuseLeewayMs: 0 }).adapterOf,
    clients: [
      {
        ...client,
        client_id: "vouched-for",
        token_endpoint_auth_method: "tls_client_auth",
        tls_client_auth_san_dns: REGISTERED_NAME,
      },
      {
        ...client,
        client_id: "self-signed",
        token_endpoint_auth_method: "self_signed_tls_client_auth",
        jwks: { keys: [jwk] },
      },
    ],
    clientAuthMethods: ["tls_client_auth", "self_signed_tls_client_auth"],
    jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), alg: "ES256", use: "sig", kid: "issuer-key" }] },
    ttl: { ClientCredentials: 600 },
    cookies: { keys: ["no session is ever kept here"] },
    discovery: { mtls_endpoint_aliases: { token_endpoint: `${mutualTlsUrl}/token` } },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      mTLS: {
        enabled: true,
        tlsClientAuth: true,
        selfSignedTlsClientAuth: true,
        getCertificate: ({ socket }) => certificateOf(socket)?.toString(),
        certificateAuthorized: ({ socket }) => socket instanceof TLSSocket && socket.authorized,
        certificateSubjectMatches: ({ socket }, _property, expected) =>
          certificateOf(socket)?.checkHost(expected) !== undefined,
      },
    },
  })
  provider.proxy = false
  return provider
}

function certificateOf(socket: unknown): X509Certificate | undefined {
  return socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined
}

async function listen(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`
}
