import { once } from "node:events"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import { text } from "node:stream/consumers"

interface Answer {
  readonly status: number
  readonly body: object
  readonly headers?: Record<string, string>
}

/** An authorization server on this machine that gives whatever a test says. What it was asked is kept. */
export class LocalIssuer implements AsyncDisposable {
  readonly requests: {
    readonly path: string
    readonly authorization?: string | undefined
    readonly body: URLSearchParams
  }[] = []
  readonly #server: Server
  readonly #answers: Answer[] = []
  #held: Promise<void> | undefined
  #issued = 0

  private constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response))
  }

  static async start(): Promise<LocalIssuer> {
    const issuer = new LocalIssuer()
    issuer.#server.listen(0, "127.0.0.1")
    await once(issuer.#server, "listening")
    return issuer
  }

  get url(): string {
    const address = this.#server.address()
    if (typeof address !== "object" || address === null) throw new Error("the issuer does not listen")
    return `http://127.0.0.1:${address.port}`
  }

  /** How many tokens were asked for. */
  get asked(): number {
    return this.requests.filter(({ path }) => path === "/token").length
  }

  /** What the next token request is answered with, in place of a token. */
  next(answer: Answer): void {
    this.#answers.push(answer)
  }

  /** Token requests get their answers once the function returned is called. */
  hold(): () => void {
    let release: () => void = () => undefined
    this.#held = new Promise((resolve) => (release = resolve))
    return release
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, "close")
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? "/", this.url).pathname
    const body = new URLSearchParams(await text(request))
    const { authorization } = request.headers
    this.requests.push({ path, body, authorization })
    if (path === "/token") await this.#held
    const answer = this.#answerTo(path)
    response
      .writeHead(answer.status, { "content-type": "application/json", ...answer.headers })
      .end(JSON.stringify(answer.body))
  }

  #answerTo(path: string): Answer {
    if (path.startsWith("/.well-known/")) return { status: 200, body: this.#metadata() }
    if (path === "/revoke") return this.#answers.shift() ?? { status: 200, body: {} }
    if (path === "/token") return this.#answers.shift() ?? this.#token()
    return { status: 404, body: {} }
  }

  #token(): Answer {
    const n = ++this.#issued
    const tokens = { access_token: `canary-access-${n}`, refresh_token: `canary-refresh-${n}` }
    return { status: 200, body: { ...tokens, token_type: "Bearer", expires_in: 3600, scope: "read" } }
  }

  #metadata() {
    return {
      issuer: this.url,
      authorization_endpoint: `${this.url}/authorize`,
      token_endpoint: `${this.url}/token`,
      revocation_endpoint: `${this.url}/revoke`,
      response_types_supported: ["code"],
      code_challenge_methods_supported: ["S256"],
    }
  }
}
