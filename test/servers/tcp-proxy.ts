import { once } from "node:events"
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net"
import { resetSocket } from "../issuer/reset-socket.js"

/** What lies between some clients and a server on this machine, and can be cut. */
export class TcpProxy implements AsyncDisposable {
  readonly port: number
  readonly #server: Server
  readonly #pairs = new Set<readonly [Socket, Socket]>()
  #state: "open" | "hanging" | "refusing" = "open"

  private constructor(server: Server) {
    this.#server = server
    this.port = (server.address() as AddressInfo).port
  }

  static async start(targetPort: number): Promise<TcpProxy> {
    const server = createServer()
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
    const proxy = new TcpProxy(server)
    server.on("connection", (client) => proxy.#join(client, targetPort))
    return proxy
  }

  /** Nothing gets through any more, in either direction, and nobody is told: as when a cable is pulled. */
  hang(): void {
    this.#state = "hanging"
    for (const sockets of this.#pairs) for (const socket of sockets) socket.pause()
  }

  /** Every connection is reset, and no new one is taken. */
  refuse(): void {
    this.#state = "refusing"
    for (const sockets of this.#pairs) for (const socket of sockets) resetSocket(socket)
  }

  /** What was held up gets through now. */
  heal(): void {
    this.#state = "open"
    for (const sockets of this.#pairs) for (const socket of sockets) socket.resume()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.refuse()
    this.#server.close()
    await once(this.#server, "close")
  }

  #join(client: Socket, port: number): void {
    if (this.#state === "refusing") return resetSocket(client)
    const target = connect(port, "127.0.0.1")
    const pair = [client, target] as const
    this.#pairs.add(pair)
    for (const socket of pair) {
      const other = socket === client ? target : client
      socket.on("data", (chunk) => other.write(chunk))
      socket.on("error", () => undefined)
      socket.on("close", () => {
        this.#pairs.delete(pair)
        other.destroy()
      })
    }
    if (this.#state === "hanging") for (const socket of pair) socket.pause()
  }
}
