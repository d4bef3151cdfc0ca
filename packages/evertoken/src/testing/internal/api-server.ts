import { once } from "node:events"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import { text } from "node:stream/consumers"

export interface SeenRequest {
  readonly method: string | undefined
  readonly authorization: string | undefined
  readonly path: string | undefined
  readonly body: string
}

/** An API on loopback that takes some tokens, answers 401 to others, and remembers what came. */
export class ApiServer {
  readonly seen: SeenRequest[] = []
  /** Authorizations that it takes. */
  readonly accepted = new Set(["Bearer good"])
  /** Where each path redirects to. */
  readonly redirects = new Map<string, string>()
  /** `WWW-Authenticate` of its 401. */
  challenge: string | undefined
  /** Answers in place of a 401. */
  reject: ((request: IncomingMessage, response: ServerResponse) => void) | undefined
  connections = 0
  readonly server: Server = createServer((request, response) => {
    // a client that goes away in the middle of its request is what some tests are about
    this.#answer(request, response).catch(() => undefined)
  }).on("connection", () => (this.connections += 1))

  async listen(): Promise<this> {
    this.server.listen(0, "127.0.0.1")
    await once(this.server, "listening")
    return this
  }

  get port(): number {
    const address = this.server.address()
    if (address === null || typeof address === "string") throw new Error("the API listens on no port")
    return address.port
  }
  get origin(): string {
    return `http://127.0.0.1:${this.port}`
  }
  get authorizations(): (string | undefined)[] {
    return this.seen.map(({ authorization }) => authorization)
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url: path, headers } = request
    const isAccepted = this.accepted.has(headers.authorization ?? "")
    const seen = { method, authorization: headers.authorization, path, body: "" }
    this.seen.push(seen)
    if (!isAccepted && this.reject) {
      this.reject(request, response)
      return
    }
    seen.body = await text(request)
    const location = this.redirects.get(path ?? "")
    if (location !== undefined) response.writeHead(307, { location }).end()
    else if (isAccepted) response.end("from the API")
    else {
      if (this.challenge !== undefined) response.setHeader("www-authenticate", this.challenge)
      response.writeHead(401).end("from the API")
    }
  }

  close(): void {
    this.server.closeAllConnections()
    this.server.close()
  }
}
