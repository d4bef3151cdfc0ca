import { randomUUID } from "node:crypto"
import { once } from "node:events"
import { createServer, type Server } from "node:https"
import type { IncomingMessage, ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { text } from "node:stream/consumers"
import type { Authority } from "../hostile/certificates.js"
import { CANARY } from "../secrets/canary.js"

/** How a request is answered that deserves a token. */
export type Answer =
  | "token"
  | "hang"
  | { readonly status: number; readonly error: string; readonly headers?: Readonly<Record<string, string>> }

export interface Answers {
  answer: Answer
  lifetimeSeconds: number
  /** After how long a token should be renewed (`refresh_in`, an extension that some issuers have). */
  refreshInSeconds?: number
  /** Whether an access token is a JWT, with its end inside. */
  tokens: "jwt" | "opaque"
  /** What a refresh brings: the same refresh token, a new one that takes its place, or none, and the old one stays good. */
  refreshTokens: "same" | "rotated" | "omitted"
}

/**
 * `revokeAll`: the API rejects the tokens that there are; every second request only when a newer token has been seen.
 * `together`: nothing changes, and who says so is answered when as many have.
 */
type Changes = Partial<Answers> & { readonly revokeAll?: true; readonly together?: number }

interface TokenResponse {
  readonly access_token: string
  readonly token_type: string
  readonly expires_in: number
  readonly refresh_in?: number
  readonly refresh_token?: string
}

type Refusal = Exclude<Answer, string>

export interface TokenRequest {
  readonly grantType: string
  readonly scope: string
  /** What was answered; 0: nothing. */
  readonly status: number
}

export const CLIENT_ID = "torture"

/** That of RFC 6750, and that of the APIs of Azure, without which their client does not get another token. */
const CHALLENGES = 'Bearer error="invalid_token", Bearer error="insufficient_claims", claims="e30="'

/**
 * An issuer with one client, and an API that accepts its tokens, in one place behind TLS. Strict as RFC 6749 is: the client
 * proves itself, and a refresh token that was replaced is refused. Lenient in one thing: a body of JSON is taken, too, because
 * one peer sends nothing else.
 */
export class TokenServer {
  readonly clientSecret = `${CANARY}secret-${randomUUID()}`
  readonly answers: Answers = { answer: "token", lifetimeSeconds: 3600, tokens: "jwt", refreshTokens: "same" }
  readonly requests: TokenRequest[] = []
  /** How often a refresh token came that had been replaced. */
  spentRefreshTokens = 0
  refreshToken: string
  readonly #server: Server
  readonly #revoked = new Set<string>()
  readonly #issued = new Map<string, string>()
  #late: (() => void)[] = []
  readonly #gathered: (() => void)[] = []
  #rejections = 0

  private constructor(server: Server) {
    this.#server = server
    this.refreshToken = this.#jwt({ use: "refresh" })
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      void this.#respond(request, response).catch(() => response.destroy())
    })
  }

  static async start(authority: Authority): Promise<TokenServer> {
    const server = createServer(await authority.issue())
    // one handshake for each of 1,000 callers
    server.listen({ port: 0, host: "127.0.0.1", backlog: 2_000 })
    await once(server, "listening")
    return new TokenServer(server)
  }

  get url(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, "close")
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? "/", this.url)
    if (pathname === "/api") this.#callApi(request, response)
    else if (pathname === "/control") this.#obey(JSON.parse(await text(request)) as Changes, response)
    else if (pathname === "/token" && request.method === "POST") await this.#grant(request, response)
    else if (pathname.startsWith("/.well-known/")) send(response, 200, this.#metadata())
    else send(response, 404, { error: "not_found" })
  }

  /** A program changes what comes next. */
  #obey(changes: Changes, response: ServerResponse): void {
    const { revokeAll, together, ...answers } = changes
    Object.assign(this.answers, answers)
    if (revokeAll) for (const token of this.#issued.keys()) this.#revoked.add(token)
    this.#gathered.push(() => send(response, 200, {}))
    if (this.#gathered.length < (together ?? 1)) return
    for (const answer of this.#gathered.splice(0)) answer()
  }

  #metadata(): object {
    return {
      issuer: this.url,
      token_endpoint: `${this.url}/token`,
      authorization_endpoint: `${this.url}/authorize`,
      end_session_endpoint: `${this.url}/end`,
      jwks_uri: `${this.url}/keys`,
      response_types_supported: ["code"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["RS256"],
      token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post", "none"],
    }
  }

  async #grant(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = parameters(request, await text(request))
    const grantType = body.get("grant_type") ?? ""
    const scope = body.get("scope") ?? ""
    const { answer } = this.answers
    const index = this.requests.push({ grantType, scope, status: 0 }) - 1
    if (answer === "hang") return
    const reply = this.#refusal(request, body) ?? (answer === "token" ? this.#tokens(grantType, scope) : answer)
    const isRefused = "status" in reply
    const status = isRefused ? reply.status : 200
    this.requests[index] = { grantType, scope, status }
    send(response, status, isRefused ? { error: reply.error } : reply, isRefused ? reply.headers : {})
  }

  #refusal(request: IncomingMessage, body: URLSearchParams): Refusal | undefined {
    const [id, secret] = clientOf(request, body)
    const isConfidential = body.get("grant_type") === "client_credentials"
    const isProven = secret === this.clientSecret || (!isConfidential && secret === undefined)
    if (id !== CLIENT_ID || !isProven) return { status: 401, error: "invalid_client" }
    if (isConfidential) return undefined
    if (body.get("grant_type") !== "refresh_token") return { status: 400, error: "unsupported_grant_type" }
    if (body.get("refresh_token") === this.refreshToken) return undefined
    this.spentRefreshTokens++
    return { status: 400, error: "invalid_grant" }
  }

  #tokens(grantType: string, scope: string): TokenResponse {
    const { lifetimeSeconds, refreshInSeconds, tokens, refreshTokens } = this.answers
    const now = Math.floor(Date.now() / 1000)
    const accessToken =
      tokens === "jwt" ? this.#jwt({ scope, iat: now, exp: now + lifetimeSeconds }) : `opaque-${randomUUID()}`
    this.#issued.set(accessToken, scope)
    const answer = {
      access_token: accessToken,
      token_type: "Bearer",
      expires_in: lifetimeSeconds,
      ...(refreshInSeconds !== undefined && { refresh_in: refreshInSeconds }),
    }
    if (grantType !== "refresh_token" || refreshTokens === "omitted") return answer
    if (refreshTokens === "rotated") this.refreshToken = this.#jwt({ use: "refresh" })
    return { ...answer, refresh_token: this.refreshToken }
  }

  #jwt(claims: Readonly<Record<string, unknown>>): string {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url")
    const all = { iss: this.url, sub: CLIENT_ID, jti: randomUUID(), ...claims }
    return `${part({ alg: "HS256", typ: "JWT" })}.${part(all)}.${randomUUID().replaceAll("-", "")}`
  }

  #callApi(request: IncomingMessage, response: ServerResponse): void {
    const token = (request.headers.authorization ?? "").replace(/^Bearer /, "")
    const scope = this.#issued.get(token)
    if (scope !== undefined && !this.#revoked.has(token)) {
      send(response, 200, { token, scope })
      for (const reject of this.#late.splice(0)) reject()
      return
    }
    const reject = () => send(response, 401, { error: "invalid_token" }, { "www-authenticate": CHALLENGES })
    if (this.#revoked.has(token) && this.#rejections++ % 2 === 1) this.#late.push(reject)
    else reject()
  }
}

function parameters({ headers }: IncomingMessage, body: string): URLSearchParams {
  if (!headers["content-type"]?.startsWith("application/json")) return new URLSearchParams(body)
  return new URLSearchParams(JSON.parse(body) as Record<string, string>)
}

function clientOf(
  { headers }: IncomingMessage,
  body: URLSearchParams,
): readonly [string | undefined, string | undefined] {
  const basic = /^Basic (.+)$/.exec(headers.authorization ?? "")?.[1]
  if (basic === undefined) return [body.get("client_id") ?? undefined, body.get("client_secret") ?? undefined]
  const [id = "", secret = ""] = Buffer.from(basic, "base64").toString().split(":")
  return [decodeURIComponent(id), decodeURIComponent(secret)]
}

function send(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store", ...headers })
  response.end(JSON.stringify(body))
}
