import { once } from "node:events"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import type { Provider } from "oidc-provider"
import { registerClients, type IssuerClients } from "./issuer-clients.js"
import { createProvider } from "./issuer-provider.js"
import { IssuerStore } from "./issuer-store.js"
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
  readonly clients: IssuerClients
  /** Whose tokens it takes in exchange for its own, by the client `workload`. */
  readonly workloads: Workloads
  readonly #provider: Provider
  readonly #endpoint: TokenEndpoint
  readonly #lifetimes: { accessTokenSeconds: number }
  readonly #scope: string
  readonly #server: Server
  readonly #port: number
  #revokedFamilies = 0

  private constructor(parts: IssuerParts) {
    this.url = parts.url
    this.clients = parts.clients
    this.workloads = parts.workloads
    this.#provider = parts.provider
    this.#endpoint = parts.endpoint
    this.#lifetimes = parts.lifetimes
    this.#scope = parts.scope
    this.#server = parts.server
    this.#port = parts.port
    this.#provider.on("grant.revoked", () => (this.#revokedFamilies += 1))
    const provide = this.#provider.callback()
    this.#server.on("request", (request, response) => {
      const isToken = request.method === "POST" && request.url === "/token"
      const handled = isToken ? this.#endpoint.handle(request, response) : provide(request, response)
      // a connection that breaks while it is served is the client's business
      handled.catch(() => response.destroy())
    })
  }

  static async start(options: RealIssuerOptions = {}): Promise<RealIssuer> {
    const server = createServer()
    const port = await listen(server, 0)
    const url = `http://${HOST}:${port}`
    const scopes = ["openid", "offline_access", ...(options.scopes ?? ["api:read", "api:write", "invoices:read"])]
    const scope = scopes.join(" ")
    const { clients, metadata } = registerClients(scope)
    const store = new IssuerStore({ reuseLeewayMs: options.reuseLeewayMs ?? 0 })
    const lifetimes = {
      accessTokenSeconds: options.lifetimeSeconds ?? 3_600,
      refreshTokenSeconds: options.refreshTokenLifetimeSeconds ?? 86_400,
    }
    const { rotation = true, dpopNonces = false } = options
    const settings = { issuer: url, clients: metadata, scopes, store, rotation, dpopNonces, lifetimes }
    const provider = await createProvider(settings)
    const workloads = await Workloads.trustedBy(provider)
    const { onTokenRequest: onRequest = () => undefined, onTokenAnswer: onAnswer = () => undefined } = options
    const endpoint = new TokenEndpoint(provider, store, { onRequest, onAnswer })
    return new RealIssuer({ server, port, url, clients, workloads, provider, endpoint, lifetimes, scope })
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
    return this.#server.listening && this.#endpoint.answers.standing === undefined
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
    if (!this.#server.listening) await listen(this.#server, this.#port)
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
    if (!this.#server.listening) return
    const closed = once(this.#server, "close")
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

interface IssuerParts {
  readonly server: Server
  readonly port: number
  readonly url: string
  readonly clients: IssuerClients
  readonly workloads: Workloads
  readonly provider: Provider
  readonly endpoint: TokenEndpoint
  readonly lifetimes: { accessTokenSeconds: number }
  readonly scope: string
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, HOST)
  await once(server, "listening")
  return (server.address() as AddressInfo).port
}
