import type { Token } from "evertoken"
import {
  deserializePendingAuthorization,
  serializePendingAuthorization,
  type AuthorizationCodeFlow,
} from "evertoken/oauth2"
import { randomUUID } from "node:crypto"
import { once } from "node:events"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"

/** A web application whose users sign in elsewhere: a page with a link, a route that begins, and one that completes. */
export class WebApplication {
  readonly tokens: Token[] = []
  readonly url: string
  readonly #flow: AuthorizationCodeFlow
  readonly #server: Server
  /** As a session store has them: text. */
  readonly #sessions = new Map<string, string>()

  private constructor(server: Server, url: string, flow: AuthorizationCodeFlow) {
    this.#server = server
    this.url = url
    this.#flow = flow
    server.on("request", (request, response) => {
      this.#answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)))
    })
  }

  static async start(flow: AuthorizationCodeFlow): Promise<WebApplication> {
    const server = createServer().listen(0, "127.0.0.1")
    await once(server, "listening")
    const address = server.address()
    if (typeof address !== "object" || address === null) throw new Error("it has no port")
    return new WebApplication(server, `http://127.0.0.1:${address.port}`, flow)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close")
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = request.url ?? "/"
    if (url === "/sign-in") return this.#begin(response)
    if (url.startsWith("/callback")) return this.#complete(request, response)
    response.writeHead(200, { "content-type": "text/html" }).end(`<h1>Invoices</h1><a href="/sign-in">Sign in</a>`)
  }

  async #begin(response: ServerResponse): Promise<void> {
    const parameters = { prompt: "consent" }
    const pending = await this.#flow.begin({ redirectUri: `${this.url}/callback`, parameters })
    const session = randomUUID()
    this.#sessions.set(session, JSON.stringify(serializePendingAuthorization(pending)))
    const cookie = `session=${session}; HttpOnly; SameSite=Lax; Path=/`
    response.writeHead(303, { location: pending.url, "set-cookie": cookie }).end()
  }

  async #complete({ url = "", headers }: IncomingMessage, response: ServerResponse): Promise<void> {
    const session = /session=([\w-]+)/.exec(headers.cookie ?? "")?.[1] ?? ""
    const stored: unknown = JSON.parse(this.#sessions.get(session) ?? "null")
    this.#sessions.delete(session)
    this.tokens.push(await this.#flow.complete(url, deserializePendingAuthorization(stored)))
    response.writeHead(200, { "content-type": "text/html" }).end("<h1>Welcome</h1>")
  }
}
