import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

/** A token endpoint that gives `t1`, `t2`, … and an API that accepts the last one, unless it is revoked. */
export class TokenSite {
  readonly #server = createServer()
  #accepted = ""
  issued = 0
  served = 0
  rejected = 0

  static async start(): Promise<TokenSite> {
    const site = new TokenSite()
    site.#server.on("request", (request, response) => {
      if (request.url === "/token") {
        const body = { access_token: site.#issue(), token_type: "Bearer", expires_in: 3600 }
        response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body))
        return
      }
      const isAccepted = request.headers.authorization === `Bearer ${site.#accepted}`
      if (isAccepted) site.served += 1
      else site.rejected += 1
      const claims = Buffer.from("{}").toString("base64")
      const challenge = `Bearer error="insufficient_claims", claims="${claims}"`
      response.writeHead(isAccepted ? 200 : 401, { "www-authenticate": challenge }).end("{}")
    })
    site.#server.listen(0, "127.0.0.1")
    await once(site.#server, "listening")
    return site
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  revoke(): void {
    this.#accepted = ""
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, "close")
  }

  #issue(): string {
    this.issued += 1
    this.#accepted = `t${this.issued}`
    return this.#accepted
  }
}
