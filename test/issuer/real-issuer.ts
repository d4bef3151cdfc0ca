import { once } from "node:events"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import type { Provider } from "oidc-provider"
import { registerClients, type IssuerClients } from "./issuer-clients.js"
import { createProvider } from "./issuer-provider.js"
import { IssuerStore } from "./issuer-store.js"
import { createMutualTlsServer, type MutualTlsOptions } from "./mutual-tls-port.js"
import type { PlannedAnswer } from "./planned-answers.js"
import { TokenEndpoint } from "./token-endpoint.js"
import type { Presentation, RequestCounts, TokenAnswer, TokenRequestRecord } from "./token-requests.js"
import { Workloads } from "./workloads.js"

export interface RealIssuerOptions {
  /** Lifetime of access tokens, in seconds, as `expires_in` says it. Default 3,600. */
  readonly lifetimeSeconds?: number
  /** Lifetime of refresh tokens, in seconds. Default 86,400. */
  readonly refreshTokenLifetimeSeconds?: number
  /** Whether each use of a refresh token gives another one, and a second use revokes the family. Default true. */
  readonly rotation?: boolean
  /** Whether a proof of possession (RFC 9449) needs a nonce of the issuer's. Default false. */
  readonly dpopNonces?: boolean
  /** Opens a second port, behind TLS, for clients that authenticate by certificate (RFC 8705). Default: there is none. */
  readonly mutualTls?: MutualTlsOptions
  /** For how long a spent refresh token is taken again, in milliseconds. Default 0. */
  readonly reuseLeewayMs?: number
  /** The scopes it knows, besides `openid` and `offline_access`. Default `api:read`, `api:write`, `invoices:read`. */
  readonly scopes?: readonly string[]
  /** Called at each token request, before it is answered. */
  readonly onTokenRequest?: (request: TokenRequestRecord) => void
  /** Called with what became of each token request, lost answers included. */
  readonly onTokenAnswer?: (answer: TokenAnswer) => void
}

export interface RefreshTokenGrant {
  /** Default: the public client. */
  readonly clientId?: string
  /** Default: `openid offline_access` and all others. */
  readonly scope?: string
  readonly resource?: string
  readonly accountId?: string
  /** The thumbprint of the key it is bound to (RFC 9449, section 5). Default: none. */
  readonly jkt?: string
}

const HOST = "127.0.0.1"

/**
 * A real OAuth2 issuer (oidc-provider) on a loopback port, which can be made to fail. Other processes use it by its
 * {@link url}.
 */
export class RealIssuer {
  readonly url: string
  /** Where clients authenticate by certificate. */
  readonly mutualTlsUrl: string | undefined
  readonly clients: IssuerClients
  /** Whose tokens it takes in exchange for its own, by the client `workload`. */
  readonly workloads: Workloads
  readonly #provider: Provider
  readonly #endpoint: TokenEndpoint
  readonly #lifetimes: { accessTokenSeconds: number }
  readonly #scope: string
  readonly #listeners: readonly Listener[]
  #revokedFamilies = 0

  private constructor(parts: IssuerParts) {
    this.url = parts.url
    this.mutualTlsUrl = parts.mutualTlsUrl
    this.clients = parts.clients
    this.workloads = parts.workloads
    this.#provider = parts.provider
    this.#endpoint = parts.endpoint
    this.#lifetimes = parts.lifetimes
    this.#scope = parts.scope
    this.#listeners = parts.listeners
    this.#provider.on("grant.revoked", () => (this.#revokedFamilies += 1))
    const provide = this.#provider.callback()
    for (const { server } of this.#listeners) {
      server.on("request", (request, response) => {
        const isToken = request.method === "POST" && request.url === "/token"
        const handled = isToken ? this.#endpoint.handle(request, response) : provide(request, response)
        // a connection that breaks while it is served is the client's business
        handled.catch(() => response.destroy())
      })
    }
  }

  static async start(options: RealIssuerOptions = {}): Promise<RealIssuer> {
    const { mutualTls } = options
    const plain = await listening(createServer())
    const url = `http://${HOST}:${plain.port}`
    const certified = mutualTls && (await listening(await createMutualTlsServer(mutualTls)))
    const mutualTlsUrl = certified && `https://${HOST}:${certified.port}`
    const scopes = ["openid", "offline_access", ...(options.scopes ?? ["api:read", "api:write", "invoices:read"])]
    const scope = scopes.join(" ")
    const { clients, metadata } = registerClients(scope, mutualTls)
    const store = new IssuerStore({ reuseLeewayMs: options.reuseLeewayMs ?? 0 })
    const lifetimes = {
      accessTokenSeconds: options.lifetimeSeconds ?? 3_600,
      refreshTokenSeconds: options.refreshTokenLifetimeSeconds ?? 86_400,
    }
    const { rotation = true, dpopNonces = false } = options
    const settings = { issuer: url, clients: metadata, scopes, store, rotation, dpopNonces, mutualTlsUrl, lifetimes }
    const provider = await createProvider(settings)
    const workloads = await Workloads.trustedBy(provider)
    const { onTokenRequest: onRequest = () => undefined, onTokenAnswer: onAnswer = () => undefined } = options
    const endpoint = new TokenEndpoint(provider, store, { onRequest, onAnswer })
    const listeners = certified ? [plain, certified] : [plain]
    const parts = { listeners, url, mutualTlsUrl, clients, workloads, provider, endpoint, lifetimes, scope }
    return new RealIssuer(parts)
  }

  get tokenEndpoint(): string {
    return `${this.url}/token`
  }
  /** Requests at the token endpoint. A closed listener sees none. */
  get requests(): RequestCounts {
    return this.#endpoint.requests.counts
  }
  /** Each of them, in the order of arrival. */
  get tokenRequests(): readonly TokenRequestRecord[] {
    return this.#endpoint.requests.records
  }
  /** Each use of a refresh token, in the order of arrival. */
  get presentations(): readonly Presentation[] {
    return this.#endpoint.requests.presentations
  }
  /** How many families of refresh tokens were revoked, be it for a reuse or by request. */
  get revokedFamilies(): number {
    return this.#revokedFamilies
  }

  /** Whether it listens and processes what comes. */
  get isUp(): boolean {
    return this.#listeners.every(({ server }) => server.listening) && this.#endpoint.answers.standing === undefined
  }

  /** From now on tokens are issued for so long, in seconds. */
  set lifetimeSeconds(seconds: number) {
    this.#lifetimes.accessTokenSeconds = seconds
  }

  /** `"closed"`: nobody listens, connections are refused. `"503"`: it answers, but only that. */
  async goDown(how: "closed" | "503" = "closed"): Promise<void> {
    if (how === "503") {
      this.#endpoint.answers.standing = { status: 503 }
      return
    }
    await this.close()
  }

  async comeBack(): Promise<void> {
    this.#endpoint.answers.standing = undefined
    for (const { server, port } of this.#listeners) if (!server.listening) await listening(server, port)
  }

  /** What the next token requests meet, after those planned before. */
  respondWith(answer: PlannedAnswer, times = 1): void {
    this.#endpoint.answers.plan(answer, times)
  }

  /** Every token request waits so long before anything else happens to it, in milliseconds; 0 ends that at once. */
  slowDown(delayMs: number): void {
    this.#endpoint.answers.slowDown(delayMs)
  }

  /** Whether it has issued this access token, and the token is neither over nor revoked: what an API would ask it. */
  async accepts(accessToken: string): Promise<boolean> {
    const { AccessToken, ClientCredentials } = this.#provider
    const found = (await ClientCredentials.find(accessToken)) ?? (await AccessToken.find(accessToken))
    return found?.isValid ?? false
  }

  /** A new family: what a sign-in in the browser would have given. */
  async issueRefreshToken(grant: RefreshTokenGrant = {}): Promise<string> {
    const {
      clientId = this.clients.public.clientId,
      scope = this.#scope,
      resource,
      accountId = "an-account",
      jkt,
    } = grant
    const { Client, Grant, RefreshToken } = this.#provider
    const client = await Client.find(clientId)
    if (!client) throw new TypeError(`the issuer knows no client ${clientId}`)
    const granted = new Grant({ accountId, clientId })
    granted.addOIDCScope(scope)
    if (resource !== undefined) granted.addResourceScope(resource, scope)
    const grantId = await granted.save()
    const gty = "authorization_code"
    const token = new RefreshToken({ client, accountId, grantId, scope, resource, gty, rotations: 0, jkt })
    return await token.save()
  }

  /** Ends it, with all its connections. */
  async close(): Promise<void> {
    for (const { server } of this.#listeners) {
      if (!server.listening) continue
      const closed = once(server, "close")
      server.close()
      server.closeAllConnections()
      await closed
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

interface Listener {
  readonly server: Server
  readonly port: number
}

interface IssuerParts {
  readonly listeners: readonly Listener[]
  readonly url: string
  readonly mutualTlsUrl: string | undefined
  readonly clients: IssuerClients
  readonly workloads: Workloads
  readonly provider: Provider
  readonly endpoint: TokenEndpoint
  readonly lifetimes: { accessTokenSeconds: number }
  readonly scope: string
}

async function listening(server: Server, port = 0): Promise<Listener> {
  server.listen(port, HOST)
  await once(server, "listening")
  return { server, port: (server.address() as AddressInfo).port }
}
