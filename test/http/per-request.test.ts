import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { CachedTokenSource, TokenPool } from "evertoken"
import { bearerToken, createFetch, type BearerOptions, type RequestTokenSource } from "evertoken/http"
import { ClientCredentialsSource, TokenIntrospector } from "evertoken/oauth2"
import { Agent } from "undici"
import { afterEach, beforeEach, expect, it } from "vitest"
import { RealIssuer } from "../issuer/real-issuer.js"

let issuer: RealIssuer
let origin: string
let answers: string[]
const rejected = new Set<string>()
const server = createServer()
let pool: TokenPool
beforeEach(async () => {
  issuer = await RealIssuer.start()
  const client = { issuer: issuer.url, ...issuer.clients.basic }
  const introspector = new TokenIntrospector(client)
  answers = []
  rejected.clear()
  server.removeAllListeners("request").on("request", ({ method = "", url = "", headers }, response) => {
    const accessToken = headers.authorization?.replace("Bearer ", "") ?? ""
    void introspector.introspect(accessToken).then(({ active, scope, audience }) => {
      const isGood = active && !rejected.has(accessToken)
      answers.push(`${method} ${url} ${isGood ? `${scope ?? ""} ${audience?.join() ?? "nobody"}` : "rejected"}`)
      response.writeHead(isGood ? 200 : 401, { "www-authenticate": 'Bearer error="invalid_token"' }).end()
    })
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const create = (key: string) => {
    const [scope, audience] = key.split(" ")
    return new CachedTokenSource(new ClientCredentialsSource({ ...client, scope, audience }))
  }
  // one is rejected just after it was issued, when a watcher would wait a while
  pool = new TokenPool(create, { minimumIntervalMs: 0 })
})
afterEach(async () => {
  await pool.close()
  const closed = once(server, "close")
  server.close()
  server.closeAllConnections()
  await Promise.all([closed, issuer.close()])
})

type Send = (method: string, path: string) => Promise<number>

it.each<[string, (source: RequestTokenSource, options: BearerOptions) => Send]>([
  [
    "createFetch",
    (source, options) => {
      const fetch = createFetch(source, options)
      return async (method, path) => (await fetch(origin + path, { method })).status
    },
  ],
  [
    "bearerToken",
    (source, options) => {
      const agent = new Agent().compose(bearerToken(source, options))
      return async (method, path) => {
        const { statusCode, body } = await agent.request({ origin, method: method === "GET" ? "GET" : "PUT", path })
        await body.dump()
        return statusCode
      }
    },
  ],
])(
  "by %s each request has the scope and audience it needs, of a pool; a rejected one is renewed alone",
  async (_, sendBy) => {
    const reports = "https://reports.example.com/"
    const keyOf = (method: string, { pathname }: URL) =>
      pathname === "/reports" ? `api:read ${reports}` : method === "GET" ? "invoices:read" : "api:write"
    const send = sendBy(({ method, url }) => pool.source(keyOf(method, url)), { origins: [origin] })
    const round = [
      ["GET", "/invoices"],
      ["PUT", "/invoices"],
      ["GET", "/reports"],
    ] as const
    const sendAll = async () => {
      for (const [method, path] of round) expect(await send(method, path)).toBe(200)
    }
    await sendAll()
    rejected.add(pool.current("api:write").accessToken)
    await sendAll()
    const [reading, writing, reporting] = [
      "GET /invoices invoices:read nobody",
      "PUT /invoices api:write nobody",
      `GET /reports api:read ${reports}`,
    ]
    expect(answers).toEqual([reading, writing, reporting, reading, "PUT /invoices rejected", writing, reporting])
    expect(issuer.tokenRequests.map(({ scope }) => scope)).toEqual([
      "invoices:read",
      "api:write",
      "api:read",
      "api:write",
    ])
  },
)
