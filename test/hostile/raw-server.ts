import { once } from "node:events"
import { createServer, type AddressInfo, type Server, type Socket } from "node:net"
import { createServer as createTlsServer, type TlsOptions } from "node:tls"
import { Peer } from "./peer.js"

/** What the server does with a connection. */
export type Behaviour = (peer: Peer) => void | Promise<void>

/** A server that speaks no protocol: it plays a behaviour on every connection. */
export class RawServer {
  readonly #server: Server
  readonly #peers: Peer[] = []
  readonly #sockets = new Set<Socket>()
  readonly #scheme: "http" | "https"

  private constructor(server: Server, scheme: "http" | "https") {
    this.#server = server
    this.#scheme = scheme
  }

  /** On a free port of this machine; with `tls`, behind that certificate. */
  static async start(behaviour: Behaviour, tls?: TlsOptions): Promise<RawServer> {
    const server = tls ? createTlsServer({ ...tls, allowHalfOpen: true }) : createServer({ allowHalfOpen: true })
    const raw = new RawServer(server, tls ? "https" : "http")
    server.on("tlsClientError", () => {})
    // a connection whose handshake fails is no peer
    server.on("connection", (socket: Socket) => raw.#sockets.add(socket.on("error", () => {})))
    server.on(tls ? "secureConnection" : "connection", (socket: Socket) => {
      const peer = new Peer(socket)
      raw.#peers.push(peer)
      void Promise.resolve(behaviour(peer)).catch((error: unknown) => server.emit("error", error))
    })
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
    return raw
  }

  /** By the address that a certificate for `localhost` does not name, or by that name. */
  url(path: string, host = "127.0.0.1"): string {
    return `${this.#scheme}://${host}:${(this.#server.address() as AddressInfo).port}${path}`
  }

  /** In the order of their coming. */
  get peers(): readonly Peer[] {
    return this.#peers
  }

  /** Resolves once the client has let go of every connection. */
  async abandoned(): Promise<void> {
    await Promise.all(this.#peers.map((peer) => peer.closed))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await once(this.#server, "close")
  }
}
