import { spawn } from "node:child_process"
import { once } from "node:events"
import { chmod } from "node:fs/promises"
import { createServer, request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from "node:http"
import { connect, type AddressInfo, type Socket } from "node:net"
import { text } from "node:stream/consumers"
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest"
import { RealIssuer } from "../issuer/real-issuer.js"
import { openChromium, provideChromium } from "../sign-in/chromium.js"
import { attackOn } from "./attacking-page.js"
import { ServerPlace, ServerProcess } from "./server-process.js"

const API_KEY = "canary-key-of-the-server-under-test"
const KEY = { authorization: `Bearer ${API_KEY}` }
const HEADER = { "x-evertoken-request": "1" }
const JSON_TYPE = { "content-type": "application/json" }
const LORISES = 200

let issuer: RealIssuer
let place: ServerPlace
let server: ServerProcess
let port: number
let lorises: Socket[]
beforeAll(async () => {
  issuer = await RealIssuer.start()
  const client = { id: issuer.clients.public.clientId, authentication: "none" }
  const app = { grant: "refresh_token", issuer: issuer.url, client }
  place = await ServerPlace.make({ tokens: { app }, listen: { tcp: { port: 0, apiKey: "env:EVERTOKEN_API_KEY" } } })
  server = await ServerProcess.started(place, { env: { EVERTOKEN_API_KEY: API_KEY } })
  port = Number(/http:\/\/127\.0\.0\.1:(\d+)/.exec(server.output)?.[1])
  const { status } = await place.ask("PUT", "/tokens/app", { refreshToken: await issuer.issueRefreshToken() })
  expect(status).toBe(200)
  expect((await place.ask("GET", "/tokens/app")).status).toBe(200)
  // they are there all the time
  lorises = Array.from({ length: LORISES }, () =>
    connect(port, "127.0.0.1")
      .on("error", () => undefined)
      .resume(),
  )
  for (const socket of lorises) socket.write("GET /tokens/app HTTP/1.1\r\nhost: 127.0.0.1\r\nx-slow: ")
})
afterAll(async () => {
  server[Symbol.dispose]()
  await place[Symbol.asyncDispose]()
  await issuer.close()
})
beforeEach(() => void server.takeOutput())

interface Sent {
  readonly method?: string
  readonly path?: string
  readonly headers?: OutgoingHttpHeaders
  readonly body?: string
}

/** Over TCP, with no header but those that are given, and the host. */
async function send({ method = "GET", path = "/tokens/app", headers = {}, body = "" }: Sent) {
  const sent = httpRequest({ host: "127.0.0.1", port, method, path, headers, agent: false })
  sent.on("error", () => undefined).end(body)
  const [response] = (await once(sent, "response")) as [IncomingMessage]
  const answer = await text(response)
  return { status: response.statusCode, headers: response.headers, body: answer }
}

function until(what: () => void): Promise<void> {
  return vi.waitFor(what, { timeout: 60_000, interval: 20 })
}

/** What must be the same after whatever was refused. */
async function state() {
  const { body } = await place.ask("GET", "/tokens/app/status")
  const { issuedAt, expiresAt } = body as Record<string, unknown>
  return { onDisk: await place.refreshTokenOnDisk("app"), asked: issuer.requests.total, issuedAt, expiresAt }
}

const ALL = { ...KEY, ...HEADER }

test("who brings the key, the header and the right host gets the token", async () => {
  const answer = await send({ headers: ALL })
  expect(answer.status).toBe(200)
  expect(answer.headers).not.toHaveProperty("access-control-allow-origin")
})

describe("is refused, logged by its reason, and changes nothing", () => {
  test.each<[string, Sent, number, string]>([
    [
      "a foreign host (DNS rebinding)",
      { headers: { ...ALL, host: "tokens.attacker.example" } },
      403,
      "ERR_HOST_REFUSED",
    ],
    ["the right host with another port", { headers: { ...ALL, host: "127.0.0.1:1" } }, 403, "ERR_HOST_REFUSED"],
    ["no header", { headers: KEY }, 403, "ERR_HEADER_MISSING"],
    ["no key", { headers: HEADER }, 401, "ERR_UNAUTHORIZED"],
    ["another key", { headers: { ...HEADER, authorization: `Bearer ${API_KEY}x` } }, 401, "ERR_UNAUTHORIZED"],
    ["a foreign origin", { headers: { ...ALL, origin: "https://attacker.example" } }, 403, "ERR_ORIGIN_REFUSED"],
    ["the origin of a sandboxed page", { headers: { ...ALL, origin: "null" } }, 403, "ERR_ORIGIN_REFUSED"],
    ["a preflight", { method: "OPTIONS", headers: { origin: "https://attacker.example" } }, 403, "ERR_METHOD_REFUSED"],
    [
      "a renewal without the key",
      { method: "POST", path: "/tokens/app/refresh", headers: HEADER },
      401,
      "ERR_UNAUTHORIZED",
    ],
    ["a sign-out without the key", { method: "DELETE", headers: HEADER }, 401, "ERR_UNAUTHORIZED"],
    [
      "a body that is too large",
      {
        method: "PUT",
        headers: { ...ALL, ...JSON_TYPE },
        body: JSON.stringify({ accessToken: "canary".repeat(20_000) }),
      },
      413,
      "ERR_BODY_TOO_LARGE",
    ],
    [
      "a body that is no JSON",
      { method: "PUT", headers: { ...ALL, ...JSON_TYPE }, body: '{"accessToken": "canary' },
      400,
      "ERR_BAD_REQUEST",
    ],
    [
      "a body of a form",
      { method: "PUT", headers: { ...ALL, "content-type": "text/plain" }, body: "{}" },
      415,
      "ERR_MEDIA_TYPE",
    ],
    ["a path that is none", { path: "/tokens/%E0%A4%A", headers: ALL }, 400, "ERR_BAD_REQUEST"],
  ])("%s", async (_, sent, status, code) => {
    const before = await state()
    const answer = await send(sent)
    expect([answer.status, (JSON.parse(answer.body) as { code: string }).code]).toEqual([status, code])
    expect(answer.body).not.toContain("canary")
    await until(() => expect(server.output).toContain(code))
    expect(server.output).not.toContain("canary")
    expect(await state()).toEqual(before)
  })

  test("what is not HTTP, and headers without measure", async () => {
    const before = await state()
    for (const bytes of ["\x16\x03\x01\x02\x00\x01", `GET / HTTP/1.1\r\nx: ${"canary".repeat(10_000)}\r\n\r\n`]) {
      const socket = connect(port, "127.0.0.1")
        .on("error", () => undefined)
        .resume()
      socket.end(bytes)
      await once(socket, "close")
    }
    await until(() => expect(server.output.match(/what came is not a request/g)).toHaveLength(2))
    expect(server.output).not.toContain("canary")
    expect(await state()).toEqual(before)
  })
})

describe.skipIf(process.getuid?.() !== 0)("another user of this machine", () => {
  /** What becomes of a connection to the socket that nobody makes, a real second user. */
  async function asNobody(path: string): Promise<string> {
    const program = `
      const socket = require("node:net").connect(process.argv[1], () => { console.log("connected"); socket.end() })
      socket.on("error", ({ code }) => console.log(code))
    `
    const child = spawn(process.execPath, ["-e", program, path], { uid: 65_534, gid: 65_534, cwd: "/", env: {} })
    return (await text(child.stdout)).trim()
  }

  test("cannot reach the socket, though the directories above are open", async () => {
    await chmod(place.directory, 0o755)
    expect(await asNobody(place.socketPath)).toBe("EACCES")
    // this is what keeps it out
    await chmod(`${place.directory}/run`, 0o755)
    await chmod(place.socketPath, 0o777)
    expect(await asNobody(place.socketPath)).toBe("connected")
    await chmod(place.socketPath, 0o600)
    expect(await asNobody(place.socketPath)).toBe("EACCES")
    await chmod(`${place.directory}/run`, 0o700)
    await chmod(place.directory, 0o700)
  })
})

const executable = provideChromium()

describe.skipIf(executable === undefined)("a page of another origin, in a real Chromium", () => {
  test("gets nothing by fetch, form, image, script, frame or WebSocket; each is refused and logged, and changes nothing", async () => {
    const before = await state()
    const url = `http://127.0.0.1:${port}`
    const page = createServer((_, response) => {
      response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>a page</title>")
    }).listen(0, "127.0.0.1")
    await once(page, "listening")
    await using browser = await openChromium(executable ?? "")
    const tab = await browser.context.newPage()
    await tab.goto(`http://127.0.0.1:${(page.address() as AddressInfo).port}/`)
    const seen = await tab.evaluate(attackOn(url, API_KEY))
    page.close()
    page.closeAllConnections()
    expect(seen).toEqual({
      read: "refused",
      withKey: "refused",
      opaque: "opaque, of which nothing can be read",
      revoke: "refused",
      form: "sent",
      image: "error",
      script: "error",
      frame: "nothing",
      socket: "error",
    })
    // the preflights, the forms, and what needs none
    await until(() => {
      expect(server.output).toContain("ERR_METHOD_REFUSED")
      expect(server.output.match(/ERR_ORIGIN_REFUSED/g)?.length).toBeGreaterThanOrEqual(3)
      expect(server.output).toContain("ERR_HEADER_MISSING")
    })
    expect(server.output).not.toContain("canary")
    expect(await state()).toEqual(before)
  })
})

test("two hundred who never end their headers keep nobody waiting, and are sent away", async () => {
  expect((await send({ headers: ALL })).status).toBe(200)
  await Promise.all(lorises.filter(({ closed }) => !closed).map((socket) => once(socket, "close")))
  expect((await send({ headers: ALL })).status).toBe(200)
}, 60_000)
