import { once } from "node:events"
import {
  constants,
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Stream,
} from "node:http2"
import type { AddressInfo } from "node:net"
import { CachedTokenSource, type TokenSource } from "evertoken"
import { bearerToken, createFetch } from "evertoken/http"
import { ClientCredentialsSource } from "evertoken/oauth2"
import { Agent, fetch as undiciFetch } from "undici"
import { afterEach, beforeEach, expect, it } from "vitest"
import { Authority } from "../hostile/certificates.js"
import { RealIssuer } from "../issuer/real-issuer.js"

type Handler = (request: Http2ServerRequest, body: string, response: Http2ServerResponse) => Promise<unknown>

/** A server that speaks nothing but HTTP/2, vouched for by an authority of its own. */
class Http2Site {
  readonly origin: string
  /** Method and path of each request. */
  readonly asked: string[] = []
  readonly #server: Http2SecureServer
  readonly #authority: Authority

  private constructor(server: Http2SecureServer, authority: Authority, handler: Handler) {
    this.#server = server
    this.#authority = authority
    this.origin = `https://localhost:${(server.address() as AddressInfo).port}`
    server.on("request", (request, response) => {
      void textOf(request).then((body) => {
        this.asked.push(`${request.method} ${request.url}`)
        return handler(request, body, response)
      })
    })
  }

  static async start(name: string, handler: Handler): Promise<Http2Site> {
    const authority = await Authority.create(name)
    const server = createSecureServer({ ...(await authority.issue()), allowHTTP1: false })
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
    return new Http2Site(server, authority, handler)
  }

  /** Trusts this server's authority and no other. */
  agent(): Agent {
    return new Agent({ allowH2: true, connect: { ca: this.#authority.certificate } })
  }

  async close(): Promise<void> {
    const closed = once(this.#server, "close")
    this.#server.close()
    await closed
  }
}

async function textOf(request: Http2ServerRequest): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

let issuer: RealIssuer
let front: Http2Site
let api: Http2Site
let revoked: string | undefined
let breaking: ((stream: ServerHttp2Stream) => void) | undefined
let toIssuer: Agent
let toApi: Agent
let source: TokenSource
beforeEach(async () => {
  issuer = await RealIssuer.start()
  // what ends TLS before an issuer, as a load balancer does
  breaking = undefined
  front = await Http2Site.start("of the issuer", async ({ method, url, headers, stream }, body, response) => {
    if (breaking) return void breaking(stream)
    const { authorization = "", "content-type": type = "" } = headers
    const sent = { method, headers: { authorization, "content-type": type }, body }
    const answer = await fetch(issuer.url + url, sent)
    response.writeHead(answer.status, { "content-type": "application/json" }).end(await answer.text())
  })
  revoked = undefined
  api = await Http2Site.start("of the API", async ({ headers: { authorization = "" } }, body, response) => {
    const accessToken = authorization.replace("Bearer ", "")
    revoked ??= accessToken
    if (accessToken === revoked || !(await issuer.accepts(accessToken))) {
      response.writeHead(401, { "www-authenticate": 'Bearer error="invalid_token"' }).end()
    } else response.writeHead(200).end(`got ${body}`)
  })
  toIssuer = front.agent()
  toApi = api.agent()
  const options = { tokenEndpoint: `${front.origin}/token`, ...issuer.clients.basic, dispatcher: toIssuer }
  source = new CachedTokenSource(new ClientCredentialsSource(options))
})
afterEach(async () => {
  await Promise.all([toIssuer.close(), toApi.close()])
  await Promise.all([issuer.close(), front.close(), api.close()])
})

const REQUESTS = 20

it("a token got over HTTP/2 goes over HTTP/2 to an API of another authority: one renewal for all that it rejects", async () => {
  const client = toApi.compose(bearerToken(source, { origins: [api.origin] }))
  const send = async (n: number) => {
    const request = { origin: api.origin, path: `/${n}`, method: "POST", body: `request ${n}` } as const
    const { statusCode, body } = await client.request(request)
    return `${statusCode} ${await body.text()}`
  }
  const numbers = Array.from({ length: REQUESTS }, (_, n) => n)
  expect(await Promise.all(numbers.map(send))).toEqual(numbers.map((n) => `200 got request ${n}`))
  expect(issuer.requests).toMatchObject({ total: 2, issued: 2 })
  expect(front.asked).toEqual(["POST /token", "POST /token"])
  const timesSent = numbers.map((n) => api.asked.filter((asked) => asked === `POST /${n}`).length)
  expect(Math.max(...timesSent)).toBe(2)
})

it("createFetch does the same, with the dispatcher that each request brings; a stream is not sent again", async () => {
  const carrying = createFetch(source, { origins: [api.origin], fetch: undiciFetch as unknown as typeof fetch })
  const send = (body: string | ReadableStream) =>
    carrying(`${api.origin}/`, { method: "POST", body, duplex: "half", dispatcher: toApi } as unknown as RequestInit)
  const stream = () => new Blob(["a stream"]).stream()
  expect((await send(stream())).status).toBe(401)
  expect(await (await send(stream())).text()).toBe("got a stream")
  revoked = (await source.getToken()).accessToken
  expect(await (await send("a text")).text()).toBe("got a text")
  expect([api.asked.length, issuer.requests.total]).toEqual([4, 3])
})

it("each connection trusts the authority of its own agent only: nothing is sent to the other", async () => {
  const options = { tokenEndpoint: `${front.origin}/token`, ...issuer.clients.basic, dispatcher: toApi }
  const failure = { code: "ERR_TOKEN_REQUEST", transient: true, ambiguous: false }
  await expect(new ClientCredentialsSource(options).getToken()).rejects.toMatchObject(failure)
  const mistrusting = toIssuer.compose(bearerToken(source, { origins: [api.origin] }))
  await expect(mistrusting.request({ origin: api.origin, path: "/", method: "GET" })).rejects.toThrow(/certificate/)
  expect([front.asked, api.asked]).toEqual([["POST /token"], []])
})

it.each<[string, (stream: ServerHttp2Stream) => void]>([
  ["whose connection is cut", (stream) => stream.session?.destroy()],
  ["whose stream is reset", (stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR)],
  ["that is left behind by a server which goes away", (stream) => stream.session?.goaway()],
])("a token request %s is not sent again: it may have been processed", async (_, breakIt) => {
  breaking = breakIt
  const options = { tokenEndpoint: `${front.origin}/token`, ...issuer.clients.basic, dispatcher: toIssuer }
  const failing = new ClientCredentialsSource({ ...options, timeoutMs: 5_000 }).getToken()
  await expect(failing).rejects.toMatchObject({ transient: true, ambiguous: true })
  expect(front.asked).toEqual(["POST /token"])
  breaking = undefined
  await source.getToken()
  expect(issuer.requests.total).toBe(1)
})
