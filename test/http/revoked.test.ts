import { once } from "node:events"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { CachedTokenSource, TokenWatcher, type TokenSource } from "evertoken"
import { bearerToken, createFetch } from "evertoken/http"
import { ClientCredentialsSource } from "evertoken/oauth2"
import { Agent, fetch as undiciFetch } from "undici"
import { expect, it } from "vitest"
import { RealIssuer } from "../issuer/real-issuer.js"

const REQUESTS = 50

/** An API that believes an issuer, but for the first token it sees: it answers nobody before all have come with it. */
class RevokingApi {
  /** How often each request was sent. */
  readonly sent = new Map<string, number>()
  #revoked: string | undefined
  #waiting: ServerResponse[] = []
  readonly #issuer: RealIssuer
  readonly #server = createServer((request, response) => void this.#answer(request, response))

  constructor(issuer: RealIssuer) {
    this.#issuer = issuer
  }

  async listen(): Promise<this> {
    this.#server.listen(0, "127.0.0.1")
    await once(this.#server, "listening")
    return this
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? ""
    this.sent.set(path, (this.sent.get(path) ?? 0) + 1)
    const accessToken = request.headers.authorization?.replace("Bearer ", "") ?? ""
    this.#revoked ??= accessToken
    if (accessToken !== this.#revoked) {
      response.writeHead((await this.#issuer.accepts(accessToken)) ? 200 : 500).end("from the API")
      return
    }
    this.#waiting.push(response)
    if (this.#waiting.length < REQUESTS) return
    const challenge = 'Bearer error="invalid_token"'
    for (const one of this.#waiting) one.writeHead(401, { "www-authenticate": challenge }).end("revoked")
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close")
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }
}

type Get = (url: string) => Promise<{ readonly status: number; readonly text: string }>
type Way = readonly [string, (source: TokenSource, origins: readonly string[], agent: Agent) => Get]

const byFetch =
  (fetch: (url: string) => Promise<{ readonly status: number; text(): Promise<string> }>): Get =>
  async (url) => {
    const response = await fetch(url)
    return { status: response.status, text: await response.text() }
  }

const ways: readonly Way[] = [
  ["createFetch over Node's fetch", (source, origins) => byFetch(createFetch(source, { origins }))],
  [
    "createFetch over undici's fetch",
    (source, origins) => byFetch(createFetch(source, { origins, fetch: undiciFetch as unknown as typeof fetch })),
  ],
  [
    "undici's request by bearerToken",
    (source, origins, agent) => {
      const dispatcher = agent.compose(bearerToken(source, { origins }))
      return async (url) => {
        const { origin, pathname: path } = new URL(url)
        const { statusCode: status, body } = await dispatcher.request({ origin, path, method: "POST", body: "hello" })
        return { status, text: await body.text() }
      }
    },
  ],
  [
    "undici's fetch by bearerToken",
    (source, origins, agent) => {
      const dispatcher = agent.compose(bearerToken(source, { origins }))
      return byFetch((url) => undiciFetch(url, { dispatcher }))
    },
  ],
  [
    "Node's fetch by bearerToken",
    (source, origins, agent) => {
      const init: object = { dispatcher: agent.compose(bearerToken(source, { origins })) }
      return byFetch((url) => fetch(url, init))
    },
  ],
]

const cases = ways.flatMap(([name, way]) => [
  [name, "a CachedTokenSource", way] as const,
  [name, "a TokenWatcher", way] as const,
])
it.each(cases)("%s: 50 requests with a revoked token of %s are 1 renewal, 50 answers", async (_, kind, way) => {
  await using issuer = await RealIssuer.start()
  await using api = await new RevokingApi(issuer).listen()
  const agent = new Agent()
  const { clientId, clientSecret } = issuer.clients.basic
  const grant = new ClientCredentialsSource({ issuer: issuer.url, clientId, clientSecret, scope: "invoices:read" })
  const cached = new CachedTokenSource(grant)
  // it is revoked just after it was issued, when a watcher would wait a while
  const watcher = kind === "a TokenWatcher" ? await TokenWatcher.start(cached, { minimumIntervalMs: 0 }) : undefined
  const get = way(watcher ?? cached, [api.origin], agent)

  const answers = await Promise.all(Array.from({ length: REQUESTS }, (_, index) => get(`${api.origin}/${index}`)))
  expect(answers).toEqual(Array.from({ length: REQUESTS }, () => ({ status: 200, text: "from the API" })))
  expect(issuer.requests).toMatchObject({ total: 2, issued: 2 })
  expect([...api.sent.values()]).toEqual(Array.from({ length: REQUESTS }, () => 2))

  await watcher?.close()
  await agent.destroy()
})
