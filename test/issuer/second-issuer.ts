import OAuth2Server, {
  type AuthorizationCode,
  type Client,
  type RefreshToken,
  type Token,
} from "@node-oauth/oauth2-server"
import { once } from "node:events"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"

const CLIENT: Client = {
  id: "second-client",
  grants: ["client_credentials", "refresh_token", "authorization_code"],
  redirectUris: ["https://web.example.test/signed-in"],
}
const CLIENT_SECRET = "the-secret-at-the-second-issuer-5e1d"
const USER = { name: "alice" }

/**
 * An issuer by other hands than the certified one (`@node-oauth/oauth2-server`): no discovery, no ID tokens, and the
 * credentials of HTTP Basic are taken as they are, where RFC 6749, section 2.3.1, has them form-encoded.
 */
export class SecondIssuer {
  readonly clientId = CLIENT.id
  readonly clientSecret = CLIENT_SECRET
  readonly redirectUri = "https://web.example.test/signed-in"
  readonly url: string
  readonly #http: Server
  readonly #oauth: OAuth2Server
  readonly #tokens: Token[] = []
  readonly #codes = new Map<string, AuthorizationCode>()

  private constructor(http: Server) {
    this.#http = http
    this.url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
    this.#oauth = new OAuth2Server({ model: this.#model(), accessTokenLifetime: 600, allowEmptyState: false })
    http.on("request", (request, response) => {
      this.#answer(request, response).catch(() => response.destroy())
    })
  }

  static async start(): Promise<SecondIssuer> {
    const http = createServer().listen(0, "127.0.0.1")
    await once(http, "listening")
    return new SecondIssuer(http)
  }

  async accepts(accessToken: string): Promise<boolean> {
    const request = { method: "GET", headers: { authorization: `Bearer ${accessToken}` }, query: {} }
    return await this.#oauth.authenticate(new OAuth2Server.Request(request), new OAuth2Server.Response()).then(
      () => true,
      () => false,
    )
  }

  async close(): Promise<void> {
    const closed = once(this.#http, "close")
    this.#http.close()
    this.#http.closeAllConnections()
    await closed
  }

  #model(): OAuth2Server.AuthorizationCodeModel & OAuth2Server.ClientCredentialsModel & OAuth2Server.RefreshTokenModel {
    const tokens = this.#tokens
    const codes = this.#codes
    return {
      // at the authorization endpoint there is no secret
      getClient: async (id, secret: string | null) =>
        id === CLIENT.id && (secret === null || secret === CLIENT_SECRET) && CLIENT,
      getUserFromClient: async () => USER,
      saveToken: async (token, client, user) => {
        const saved = { ...token, client, user }
        tokens.push(saved)
        return saved
      },
      getAccessToken: async (accessToken) => tokens.find((token) => token.accessToken === accessToken),
      getRefreshToken: async (refreshToken) =>
        tokens.find((token): token is RefreshToken & Token => token.refreshToken === refreshToken),
      revokeToken: async ({ refreshToken }) => {
        const at = tokens.findIndex((token) => token.refreshToken === refreshToken)
        return tokens.splice(at, at < 0 ? 0 : 1).length === 1
      },
      saveAuthorizationCode: async (code, client, user) => {
        const saved = { ...code, client, user }
        codes.set(code.authorizationCode, saved)
        return saved
      },
      getAuthorizationCode: async (code) => codes.get(code),
      revokeAuthorizationCode: async ({ authorizationCode }) => codes.delete(authorizationCode),
    }
  }

  async #answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? "/", this.url)
    const chunks: Buffer[] = []
    for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk)
    const body = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()))
    const query = Object.fromEntries(url.searchParams)
    const { method = "GET" } = incoming
    const headers = Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]))
    const request = new OAuth2Server.Request({ method, headers, query, body })
    const response = new OAuth2Server.Response()
    const user = { handle: () => USER }
    const answered =
      url.pathname === "/token"
        ? this.#oauth.token(request, response)
        : this.#oauth.authorize(request, response, { authenticateHandler: user })
    // what it refuses stands in the response as well
    await answered.catch(() => undefined)
    const { status = 500 } = response
    outgoing.writeHead(status, { ...response.headers, "content-type": "application/json" })
    outgoing.end(JSON.stringify(response.body))
  }
}
