import { connect } from "node:net"
import { once } from "node:events"
import { text } from "node:stream/consumers"
import { expect, test } from "vitest"
import { rawRequest } from "../testing/raw-request.js"
import { API_KEY, serverUnderTest } from "../testing/server-under-test.js"
import { REQUEST_HEADER } from "./guard.js"
import { listenOnTcp } from "./listen-on-tcp.js"

const KEY = { authorization: `Bearer ${API_KEY}` }
const ASKED = { [REQUEST_HEADER]: "1" }

async function listeningServer() {
  const server = await serverUnderTest()
  const { port } = new URL(await listenOnTcp(server.app, { port: 0, address: "127.0.0.1" }))
  const ask = (path: string, headers: Record<string, string> = {}, method = "GET", body?: string) =>
    rawRequest({ host: "127.0.0.1", port, path, method, headers }, body)
  return { ...server, port: Number(port), ask }
}

function codeOf({ body }: { readonly body: string }): string {
  return (JSON.parse(body) as { code: string }).code
}

test.each(["localhost", "127.0.0.1", "[::1]", "LOCALHOST"])(
  "who brings the key and the header gets a token: Host %s",
  async (host) => {
    await using server = await listeningServer()
    const answer = await server.ask("/tokens/billing", { ...KEY, ...ASKED, host: `${host}:${server.port}` })
    expect(answer).toMatchObject({ status: 200, body: expect.stringContaining("canary-access-1") as string })
  },
)

test.each([
  ["no key", ASKED],
  ["another key", { ...ASKED, authorization: `Bearer ${API_KEY}x` }],
  ["the beginning of the key", { ...ASKED, authorization: `Bearer ${API_KEY.slice(0, -1)}` }],
  ["another scheme", { ...ASKED, authorization: `Basic ${API_KEY}` }],
  ["a session that is none", { ...ASKED, authorization: "Bearer none" }],
])("without the key nothing is told or changed: %s", async (_what, headers) => {
  await using server = await listeningServer()
  for (const [method, path] of [
    ["GET", "/tokens"],
    ["GET", "/tokens/billing"],
    ["DELETE", "/tokens/billing"],
    ["POST", "/tokens/billing/refresh"],
    ["GET", "/healthz"],
    ["GET", "/metrics"],
    ["GET", "/events"],
    ["GET", "/openapi.json"],
    ["POST", "/session-codes"],
    ["GET", "/nothing"],
  ] as const) {
    const answer = await server.ask(path, headers, method)
    expect([answer.status, codeOf(answer)]).toEqual([401, "ERR_UNAUTHORIZED"])
    expect(answer.headers["www-authenticate"]).toBe("Bearer")
  }
  expect(server.lines).toHaveLength(10)
  expect(server.lines.join("")).not.toContain("canary")
  expect(server.registry.find("billing")?.status.status).not.toBe("signed-out")
})

test.each([
  ["another name", "evil.example"],
  ["another port", "127.0.0.1:1"],
  ["no port", "127.0.0.1"],
  ["a name that begins as an own one", "localhost.evil.example"],
  ["a user before the name", "localhost:@evil.example"],
])("a page whose name was made to lead here is refused: Host with %s", async (_what, host) => {
  await using server = await listeningServer()
  const withPort = host.includes(":") || host === "127.0.0.1" ? host : `${host}:${server.port}`
  for (const path of ["/tokens/billing", "/"]) {
    const answer = await server.ask(path, { ...KEY, ...ASKED, host: withPort })
    expect([answer.status, codeOf(answer)]).toEqual([403, "ERR_HOST_REFUSED"])
  }
})

test.each(["http://evil.example", "null", "https://127.0.0.1:PORT", "http://localhost:PORT", "http://127.0.0.1:1"])(
  "a page of another origin is refused, whatever it brings: %s",
  async (origin) => {
    await using server = await listeningServer()
    const headers = { ...KEY, ...ASKED, origin: origin.replace("PORT", String(server.port)) }
    for (const path of ["/tokens/billing", "/"]) {
      const answer = await server.ask(path, headers)
      expect([answer.status, codeOf(answer)]).toEqual([403, "ERR_ORIGIN_REFUSED"])
      expect(Object.keys(answer.headers).join()).not.toContain("access-control")
    }
  },
)

test("a connection that no listener of its own accepted is refused", async () => {
  await using server = await serverUnderTest()
  const url = await server.app.listen({ port: 0, host: "127.0.0.1" })
  const answer = await fetch(new URL("/tokens", url), { headers: { ...KEY, ...ASKED } })
  expect([answer.status, codeOf({ body: await answer.text() })]).toEqual([403, "ERR_HOST_REFUSED"])
})

test("a page of the server's own is answered", async () => {
  await using server = await listeningServer()
  const answer = await server.ask("/tokens", { ...KEY, ...ASKED, origin: `http://127.0.0.1:${server.port}` })
  expect(answer.status).toBe(200)
})

test("without the header, which no form and no link can send, only the page is there", async () => {
  await using server = await listeningServer()
  for (const path of ["/tokens", "/healthz", "/metrics", "/session"]) {
    const answer = await server.ask(path, KEY, path === "/session" ? "POST" : "GET")
    expect([answer.status, codeOf(answer)]).toEqual([403, "ERR_HEADER_MISSING"])
  }
  expect((await server.ask("/")).body).toContain("<title>evertoken</title>")
})

test("no other origin is ever allowed: a preflight request is refused", async () => {
  await using server = await listeningServer()
  const preflight = { origin: "http://evil.example", "access-control-request-method": "GET" }
  for (const headers of [preflight, { ...KEY, ...ASKED }]) {
    const answer = await server.ask("/tokens", headers, "OPTIONS")
    expect([answer.status, codeOf(answer)]).toEqual([403, "ERR_METHOD_REFUSED"])
    expect(Object.keys(answer.headers).join()).not.toContain("access-control")
  }
})

test("a code opens one session, which does for the dashboard and not for tokens", async () => {
  await using server = await listeningServer()
  const issued = await server.ask("/session-codes", { ...KEY, ...ASKED }, "POST")
  const { code, url } = JSON.parse(issued.body) as { code: string; url: string }
  expect(url).toBe(`http://127.0.0.1:${server.port}/#code=${code}`)
  const open = () =>
    server.ask("/session", { ...ASKED, "content-type": "application/json" }, "POST", JSON.stringify({ code }))
  const opened = await open()
  expect(opened.status).toBe(200)
  const { session: secret, expiresAt } = JSON.parse(opened.body) as { session: string; expiresAt: number }
  expect(secret).toMatch(/^[\w-]{43}$/)
  expect(expiresAt).toBe(server.clock.now() + 12 * 3_600_000)
  expect((await open()).status).toBe(401)

  const session = { authorization: `Bearer ${secret}` }
  expect((await server.ask("/tokens", { ...session, ...ASKED })).status).toBe(200)
  expect(codeOf(await server.ask("/tokens", session))).toBe("ERR_HEADER_MISSING")
  for (const [method, path] of [
    ["GET", "/tokens/billing"],
    ["GET", "/tokens/billing/wait"],
    ["PUT", "/tokens/billing"],
    ["POST", "/refresh-tokens"],
    ["POST", "/set-tokens"],
    ["POST", "/session-codes"],
  ] as const) {
    expect(codeOf(await server.ask(path, { ...session, ...ASKED }, method))).toBe("ERR_KEY_NEEDED")
  }

  const ended = await server.ask("/session", { ...session, ...ASKED }, "DELETE")
  expect(ended.status).toBe(204)
  expect((await server.ask("/tokens", { ...session, ...ASKED })).status).toBe(401)
  expect(server.lines.join("")).not.toContain(code)
})

test("a session is no cookie, which a browser would bring to the server of another user, on another port", async () => {
  await using server = await listeningServer()
  const { code } = (await server.app.inject({ method: "POST", url: "/session-codes" })).json<{ code: string }>()
  const type = { "content-type": "application/json" }
  const { headers, body } = await server.ask("/session", { ...ASKED, ...type }, "POST", JSON.stringify({ code }))
  expect(headers["set-cookie"]).toBeUndefined()
  const { session } = JSON.parse(body) as { session: string }
  const answer = await server.ask("/tokens", { ...ASKED, cookie: `evertoken-session=${session}` })
  expect([answer.status, codeOf(answer)]).toEqual([401, "ERR_UNAUTHORIZED"])
})

test("a session ends after 12 hours, a code after 5 minutes", async () => {
  await using server = await listeningServer()
  const newCode = async () =>
    (await server.app.inject({ method: "POST", url: "/session-codes" })).json<{ code: string }>()
  const open = async ({ code }: { readonly code: string }) =>
    server.app.inject({ method: "POST", url: "/session", payload: { code } })
  const late = await newCode()
  server.clock.stepWall(300_000)
  expect((await open(late)).statusCode).toBe(401)
  const { session } = (await open(await newCode())).json<{ session: string }>()
  const headers = { ...ASKED, authorization: `Bearer ${session}` }
  server.clock.stepWall(12 * 3_600_000 - 1)
  expect((await server.ask("/tokens", headers)).status).toBe(200)
  server.clock.stepWall(1)
  expect((await server.ask("/tokens", headers)).status).toBe(401)
})

test("a body over 64 kB, one that is not JSON, and one that is no body of HTTP are refused, logged, and change nothing", async () => {
  await using server = await listeningServer()
  const put = (body: string, type = "application/json") =>
    server.ask("/tokens/billing", { ...KEY, ...ASKED, "content-type": type }, "PUT", body)
  const large = await put(JSON.stringify({ accessToken: "canary".repeat(12_000) }))
  expect([large.status, codeOf(large)]).toEqual([413, "ERR_BODY_TOO_LARGE"])
  const broken = await put('{"accessToken": canary')
  expect([broken.status, codeOf(broken)]).toEqual([400, "ERR_BAD_REQUEST"])
  const poisoned = await put('{"__proto__": {"accessToken": "canary"}}')
  expect(poisoned.status).toBe(400)
  for (const type of ["text/plain", "application/x-www-form-urlencoded"]) {
    const form = await put("accessToken=canary", type)
    expect([form.status, codeOf(form)]).toEqual([415, "ERR_MEDIA_TYPE"])
  }
  expect(server.lines).toHaveLength(5)
  expect([large, broken, poisoned].map(({ body }) => body).join("") + server.lines.join("")).not.toContain("canary")
  expect((await server.cache.get("billing"))?.token?.accessToken).not.toContain("canary-by-hand")
})

test("what is not HTTP is refused, and logged without what came", async () => {
  await using server = await listeningServer()
  const socket = connect(server.port, "127.0.0.1")
  socket.end("canary canary canary\r\n\r\n")
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 400 /)
  const crowded = connect(server.port, "127.0.0.1")
  crowded.write(`GET / HTTP/1.1\r\nx: ${"canary".repeat(4_000)}\r\n\r\n`)
  expect(await text(crowded)).toMatch(/^HTTP\/1\.1 431 /)
  expect(server.lines).toHaveLength(2)
  expect(server.lines.join("")).not.toContain("canary")
})

test("a client that goes away takes its waiting with it", async () => {
  await using server = await listeningServer()
  await server.app.inject("/tokens/billing")
  const { etag } = (await server.app.inject("/tokens/billing")).headers
  const socket = connect(server.port, "127.0.0.1")
  const path = `/tokens/billing/wait?after=${encodeURIComponent(String(etag))}`
  const headers = [`host: 127.0.0.1:${server.port}`, `${REQUEST_HEADER}: 1`, `authorization: ${KEY.authorization}`]
  const before = server.clock.pendingTimers
  socket.write(`GET ${path} HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n`)
  await expect.poll(() => server.clock.pendingTimers).toBe(before + 1)
  socket.destroy()
  await once(socket, "close")
  await expect.poll(() => server.clock.pendingTimers).toBe(before)
})
