import { createHash } from "node:crypto"
import { once } from "node:events"
import { createServer, type IncomingMessage, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import type { TokenIntrospector } from "evertoken/oauth2"
import { calculateJwkThumbprint, EmbeddedJWK, jwtVerify } from "jose"

/** An API that takes nothing but tokens bound to a key, with proofs by jose (RFC 9449, sections 4.3 and 7). */
export class BoundApi {
  readonly origin: string
  /** What it said to each request: the name of its error, or `"ok"`. */
  readonly verdicts: string[] = []
  /** It wants this nonce; none if undefined. */
  nonce: string | undefined
  readonly #server: Server
  readonly #introspector: TokenIntrospector
  readonly #seen = new Set<unknown>()

  private constructor(server: Server, introspector: TokenIntrospector) {
    this.#server = server
    this.#introspector = introspector
    this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    server.on("request", (request, response) => {
      void this.#judge(request).then((verdict) => {
        this.verdicts.push(verdict)
        const challenge = verdict === "ok" ? {} : { "www-authenticate": `DPoP error="${verdict}", algs="ES256"` }
        const nonce = this.nonce === undefined ? {} : { "dpop-nonce": this.nonce }
        response.writeHead(verdict === "ok" ? 200 : 401, { ...challenge, ...nonce }).end(verdict)
      })
    })
  }

  static async start(introspector: TokenIntrospector): Promise<BoundApi> {
    const server = createServer().listen(0, "127.0.0.1")
    await once(server, "listening")
    return new BoundApi(server, introspector)
  }

  async close(): Promise<void> {
    const closed = once(this.#server, "close")
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  async #judge({ method, url = "/", headers }: IncomingMessage): Promise<string> {
    const accessToken = /^DPoP (.+)$/.exec(headers.authorization ?? "")?.[1]
    if (accessToken === undefined) return "invalid_token"
    const { active, claims } = await this.#introspector.introspect(accessToken)
    if (!active) return "invalid_token"
    const proof = [headers["dpop"]].flat()[0] ?? ""
    const verified = await jwtVerify(proof, EmbeddedJWK, { typ: "dpop+jwt", maxTokenAge: 60 }).catch(() => undefined)
    if (verified === undefined) return "invalid_dpop_proof"
    const { payload, protectedHeader } = verified
    if (payload["nonce"] !== this.nonce) return "use_dpop_nonce"
    const thumbprint = await calculateJwkThumbprint(protectedHeader.jwk ?? {})
    const isMeant =
      payload["htm"] === method &&
      payload["htu"] === new URL(url.replace(/\?.*/, ""), this.origin).href &&
      payload["ath"] === createHash("sha256").update(accessToken).digest("base64url") &&
      thumbprint === (claims["cnf"] as { jkt?: string } | undefined)?.jkt &&
      !this.#seen.has(payload.jti)
    this.#seen.add(payload.jti)
    return isMeant ? "ok" : "invalid_dpop_proof"
  }
}
