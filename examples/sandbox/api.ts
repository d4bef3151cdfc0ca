import { randomBytes } from "node:crypto"
import { once } from "node:events"
import { createServer, type IncomingMessage, type Server } from "node:http"
import { CANARY } from "../../test/secrets/canary.js"

interface Answer {
  readonly status: number
  readonly body: object
}

/** An API on loopback: `GET /invoices` wants a token of the issuer or of its own `POST /login`. */
export class Api {
  readonly url: string
  readonly #server: Server
  readonly #accepts: (accessToken: string) => Promise<boolean>
  readonly #sessions = new Set<string>()
  readonly #revoked = new Set<string>()

  private constructor(server: Server, url: string, accepts: (accessToken: string) => Promise<boolean>) {
    this.#server = server
    this.url = url
    this.#accepts = accepts
    server.on("request", (request, response) => {
      void this.#answer(request).then(({ status, body }) => {
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))
      })
    })
  }

  static async start(accepts: (accessToken: string) => Promise<boolean>): Promise<Api> {
    const server = createServer().listen(0, "127.0.0.1")
    await once(server, "listening")
    const address = server.address()
    if (typeof address !== "object" || address === null) throw new Error("the API has no port")
    return new Api(server, `http://127.0.0.1:${address.port}`, accepts)
  }

  /** How many logins there were. */
  get logins(): number {
    return this.#sessions.size
  }

  /** From now on it takes this token no more, whatever the issuer says. */
  revoke(accessToken: string): void {
    this.#revoked.add(accessToken)
  }

  async close(): Promise<void> {
    const closed = once(this.#server, "close")
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    if (request.url === "/login" && request.method === "POST") return { status: 200, body: this.#login() }
    const accessToken = request.headers.authorization?.replace(/^Bearer /, "") ?? ""
    const isRevoked = this.#revoked.has(accessToken)
    if (!isRevoked && (this.#sessions.has(accessToken) || (await this.#accepts(accessToken)))) {
      return { status: 200, body: { invoices: 3 } }
    }
    return { status: 401, body: { error: "sign in first" } }
  }

  #login(): object {
    const session = `${CANARY}${randomBytes(32).toString("base64url")}`
    this.#sessions.add(session)
    return { session, validForMinutes: 30 }
  }
}
