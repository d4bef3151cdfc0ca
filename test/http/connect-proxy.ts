import { once } from "node:events"
import { createServer, type Server } from "node:http"
import { connect, type AddressInfo } from "node:net"

/** A proxy on loopback that opens tunnels (RFC 9110, section 9.3.6), and refuses to read what goes in the clear. */
export class ConnectProxy {
  /** To where tunnels were asked for, in order. */
  readonly tunnels: (string | undefined)[] = []
  /** `Authorization` and the like, as far as the proxy can see it. */
  readonly seenInTheClear: (string | undefined)[] = []
  readonly #credentials: string | undefined
  readonly #server: Server = createServer((request, response) => {
    this.seenInTheClear.push(request.headers.authorization)
    response.writeHead(403).end()
  })

  private constructor(credentials: string | undefined) {
    this.#credentials = credentials
    this.#server.on("connect", ({ url, headers }, socket, head: Buffer) => {
      socket.on("error", () => undefined)
      this.tunnels.push(url)
      this.seenInTheClear.push(headers.authorization)
      if (this.#credentials !== undefined && headers["proxy-authorization"] !== this.#credentials) {
        socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
        return
      }
      const [host = "", port] = url?.split(":") ?? []
      const target = connect(Number(port), host, () => {
        socket.write("HTTP/1.1 200 Connection established\r\n\r\n")
        target.write(head)
        socket.pipe(target).pipe(socket)
      })
      target.on("error", () => socket.destroy())
    })
  }

  /** @param credentials user name and password that it asks for. */
  static async start(credentials?: { readonly user: string; readonly password: string }): Promise<ConnectProxy> {
    const encoded = credentials && Buffer.from(`${credentials.user}:${credentials.password}`).toString("base64")
    const proxy = new ConnectProxy(encoded && `Basic ${encoded}`)
    proxy.#server.listen(0, "127.0.0.1")
    await once(proxy.#server, "listening")
    return proxy
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close")
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }
}
