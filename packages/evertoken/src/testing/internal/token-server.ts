import { once } from "node:events"
import { mkdtemp, rm } from "node:fs/promises"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"

export interface ServedToken {
  readonly accessToken: string
  readonly tokenType?: string
  readonly issuedAt: number
  readonly staleAt: number
  readonly expiresAt: number
  readonly scope?: string
}

/** Speaks as `evertoken serve` does, of one token, over a socket; and badly, when it is told to. */
export class TokenServer implements AsyncDisposable {
  /** Method and URL of each request, in the order of arrival. */
  readonly asked: string[] = []
  readonly headers: IncomingMessage["headers"][] = []
  /** What it answers to all but those that wait, in place of a token; `"nothing"`: it never does. */
  instead:
    | { readonly status: number; readonly headers?: Record<string, string>; readonly body: unknown }
    | "nothing"
    | undefined
  /** What a refresh makes of the token. */
  onRefresh: (ifMatch: string | undefined) => void = () => undefined
  /** Whoever waits is told at once that there is nothing. */
  isEnding = false
  readonly socketPath: string
  readonly #directory: string
  readonly #waiting = new Set<() => void>()
  readonly #nothing = new Set<() => void>()
  #server: Server | undefined
  #token: ServedToken | undefined
  #signedOut = false

  private constructor(directory: string) {
    this.#directory = directory
    this.socketPath = join(directory, "socket")
  }

  static async start(token?: ServedToken): Promise<TokenServer> {
    const server = new TokenServer(await mkdtemp(join(tmpdir(), "evertoken-")))
    server.#token = token
    await server.begin()
    return server
  }

  /** How many wait for news. */
  get waiting(): number {
    return this.#waiting.size
  }

  set token(token: ServedToken) {
    this.#token = token
    this.#signedOut = false
    this.#tell()
  }

  signOut(): void {
    this.#token = undefined
    this.#signedOut = true
    this.#tell()
  }

  /** Those that wait get no token. */
  tellNothing(): void {
    for (const give of this.#nothing) give()
  }

  tagOf({ accessToken }: ServedToken): string {
    return `"tag-of-${accessToken.length}-${accessToken.slice(-4)}"`
  }

  async begin(): Promise<void> {
    this.#server = createServer((request, response) => this.#answer(request, response)).listen(this.socketPath)
    await once(this.#server, "listening")
  }

  /** As one that is killed: those that wait get no answer. */
  async end(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (server === undefined) return
    const closed = once(server, "close")
    server.close()
    server.closeAllConnections()
    await closed
    this.#waiting.clear()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end()
    await rm(this.#directory, { recursive: true, force: true })
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { method = "", url = "", headers } = request
    this.asked.push(`${method} ${url}`)
    this.headers.push(headers)
    const { pathname, searchParams } = new URL(url, "http://localhost")
    if (pathname.endsWith("/wait")) {
      this.#wait(response, searchParams.get("after") ?? "")
      return
    }
    if (this.instead === "nothing") return
    if (this.instead !== undefined) {
      const { status, headers: given, body } = this.instead
      response.writeHead(status, { "content-type": "application/json", ...given }).end(JSON.stringify(body))
      return
    }
    if (method === "POST") {
      this.onRefresh(headers["if-match"])
      response.writeHead(200).end("{}")
      return
    }
    this.#give(response)
  }

  #wait(response: ServerResponse, after: string): void {
    if (this.isEnding) {
      response.writeHead(304).end()
      return
    }
    const isNews = () =>
      this.#token === undefined ? this.#signedOut && after !== "" : this.tagOf(this.#token) !== after
    const look = () => {
      if (!isNews()) return
      this.#waiting.delete(look)
      this.#give(response)
    }
    const giveNothing = () => response.writeHead(304).end()
    this.#waiting.add(look)
    this.#nothing.add(giveNothing)
    response.once("close", () => {
      this.#waiting.delete(look)
      this.#nothing.delete(giveNothing)
    })
    look()
  }

  #give(response: ServerResponse): void {
    const token = this.#token
    if (token !== undefined) {
      response.writeHead(200, { etag: this.tagOf(token) }).end(JSON.stringify(token))
      return
    }
    const problem = {
      code: "ERR_REAUTHENTICATION_REQUIRED",
      detail: "signed out",
      hint: "Sign in: evertoken login app",
    }
    response.writeHead(409).end(JSON.stringify(problem))
  }

  #tell(): void {
    for (const look of [...this.#waiting]) look()
  }
}
