import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import { systemErrorCode, TokenError } from "../errors.js"
import { htmlOf, type RedirectPage } from "./redirect-page.js"

/** Deals with a request that came to the redirect URI. Never rejects. */
export type CallbackHandler = (callback: URL) => Promise<RedirectPage>

const HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  connection: "close",
}

/** A redirect URI on this machine for as long as one sign-in takes (RFC 8252, section 7.3). Nobody else reaches it. */
export class LoopbackRedirect {
  /** With the port that it listens on. */
  readonly redirectUri: string
  readonly #server: Server
  readonly #url: URL
  readonly #handle: CallbackHandler
  readonly #answers = new Set<Promise<void>>()

  private constructor(server: Server, url: URL, handle: CallbackHandler) {
    this.#server = server
    this.#url = url
    this.#handle = handle
    this.redirectUri = url.href
    server.on("request", (request, response) => {
      const answer = this.#answer(request, response).finally(() => this.#answers.delete(answer))
      this.#answers.add(answer)
    })
  }

  /**
   * @param redirectUri of {@link assertLoopback}; without a port, a free one is found.
   * @throws TokenError `ERR_TOKEN_REQUEST` if the port is taken.
   */
  static async listen(redirectUri: string, handle: CallbackHandler): Promise<LoopbackRedirect> {
    const url = new URL(redirectUri)
    const server = createServer()
    const host = url.hostname === "[::1]" ? "::1" : "127.0.0.1"
    await new Promise<void>((resolve, reject) => {
      server.once("error", (error) => reject(cannotListen(url, error)))
      server.listen(Number(url.port), host, resolve)
    })
    const address = server.address()
    if (typeof address === "object" && address !== null) url.port = String(address.port)
    return new LoopbackRedirect(server, url, handle)
  }

  /** Once whoever is being answered has the answer. */
  async close(): Promise<void> {
    this.#server.close()
    await Promise.all(this.#answers)
    this.#server.closeAllConnections()
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const page = await this.#pageFor(request)
    const written = new Promise<void>((resolve) => response.once("finish", resolve).once("close", resolve))
    response.writeHead(page.status, HEADERS).end(htmlOf(page))
    return written
  }

  async #pageFor({ method, url = "", headers }: IncomingMessage): Promise<RedirectPage> {
    // another name for this machine is a page of somebody else's that wants in
    if (headers.host !== this.#url.host || !URL.canParse(url, this.redirectUri)) return NOT_HERE
    const callback = new URL(url, this.#url)
    if (callback.pathname !== this.#url.pathname) return NOT_HERE
    return method === "GET" ? this.#handle(callback) : NOT_SO
  }
}

const NOT_HERE: RedirectPage = { status: 404, title: "Nothing is here", text: "Go on where you began to sign in." }
const NOT_SO: RedirectPage = { ...NOT_HERE, status: 405 }

/** @throws TypeError unless it is an `http` URL of this machine that can be listened at. */
export function assertLoopback(redirectUri: unknown): asserts redirectUri is string {
  const url = typeof redirectUri === "string" && URL.canParse(redirectUri) ? new URL(redirectUri) : undefined
  const isHere = url?.protocol === "http:" && ["127.0.0.1", "[::1]", "localhost"].includes(url.hostname)
  if (isHere && url.href === `${url.origin}${url.pathname}`) return
  throw new TypeError("redirectUri must be http://127.0.0.1, http://[::1] or http://localhost, with a port or without")
}

function cannotListen({ host }: URL, error: unknown): TokenError {
  const code = systemErrorCode(error) ?? "unknown error"
  return new TokenError("ERR_TOKEN_REQUEST", `cannot wait for the browser at ${host}: ${code}`, { transient: true })
}
