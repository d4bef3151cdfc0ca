import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import { createServer as createSecureServer } from "node:https"
import type { Socket } from "node:net"
import type { Clock } from "evertoken"
import type { Logger } from "pino"
import type { TcpOrigin } from "./tcp-origin.js"

/** Where a connection came in: over a socket, which permissions keep; or over TCP, where each request is looked at. */
export type ConnectionOrigin = { readonly kind: "socket" } | TcpOrigin

export interface Certificate {
  /** In PEM. */
  readonly cert: string
  readonly key: string
}

export interface ListenersOptions {
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void
  readonly hasApiKey: boolean
  readonly clock: Clock
  readonly log: Logger
}

// a request is small, and comes from near by
const LIMITS = {
  ...{ headersTimeout: 10_000, requestTimeout: 30_000, maxHeaderSize: 16_384 },
  // Node.js looks every 30 s otherwise, whatever these say
  connectionsCheckingInterval: 2_500,
}
const MOST_CONNECTIONS = 4_096
const IDLE_POLL_MS = 50
/** The client has left, as one does that listened to events: nothing is wrong. */
const GONE: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE"])
const CLOSE_TIMEOUT_MS = 5_000

/** The HTTP servers that hand over to one application, and what is known of their connections. */
export class Listeners {
  readonly hasApiKey: boolean
  readonly #options: ListenersOptions
  readonly #servers = new Set<Server>()
  readonly #origins = new WeakMap<object, ConnectionOrigin>()
  #url: string | undefined

  constructor(options: ListenersOptions) {
    this.hasApiKey = options.hasApiKey
    this.#options = options
  }

  /** Undefined: none of these servers accepted it. */
  originOf(connection: object): ConnectionOrigin | undefined {
    return this.#origins.get(connection)
  }

  /** Where a browser finds the server. */
  get url(): string | undefined {
    return this.#url
  }

  /** A server that is still to be told where to listen. `origin` is asked at each connection. */
  create(origin: () => ConnectionOrigin, tls?: Certificate): Server {
    const { handle } = this.#options
    const server = tls ? createSecureServer({ ...LIMITS, ...tls }, handle) : createServer(LIMITS, handle)
    server.maxConnections = MOST_CONNECTIONS
    server.on(tls ? "secureConnection" : "connection", (socket: Socket) => this.#origins.set(socket, origin()))
    server.on("clientError", (error, socket) => this.#refuse(error, socket))
    this.#servers.add(server)
    return server
  }

  /** A browser finds the server there from now on. */
  opened(url: string): void {
    this.#url ??= url
  }

  /** Nothing more is accepted; what was asked is answered, for a time. */
  async close(): Promise<void> {
    await Promise.all([...this.#servers].map((server) => this.#close(server)))
  }

  #close(server: Server): Promise<void> {
    const { clock } = this.#options
    return new Promise((resolve) => {
      let leftMs = CLOSE_TIMEOUT_MS
      const look = () => {
        if (leftMs > 0) server.closeIdleConnections()
        else server.closeAllConnections()
        leftMs -= IDLE_POLL_MS
        timer = clock.setTimer(look, IDLE_POLL_MS)
      }
      let timer = clock.setTimer(look, IDLE_POLL_MS)
      server.close(() => {
        timer.cancel()
        resolve()
      })
      server.closeIdleConnections()
    })
  }

  /** What is not HTTP, too long, or too slow. */
  #refuse(
    error: Error & { readonly code?: string },
    socket: NodeJS.WritableStream & { readonly writable: boolean },
  ): void {
    const { code } = error
    if (code !== undefined && GONE.has(code)) return
    this.#options.log.warn({ code }, "connection refused: what came is not a request")
    if (!socket.writable) return
    const status = code === "HPE_HEADER_OVERFLOW" ? "431 Request Header Fields Too Large" : "400 Bad Request"
    socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\n\r\n`)
  }
}
