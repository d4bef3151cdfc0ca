import { once } from "node:events"
import { createServer, Server as HttpServer, type IncomingMessage, type ServerResponse } from "node:http"
import { createServer as createTcpServer, type AddressInfo, type Server } from "node:net"
import { gzipSync } from "node:zlib"
import { Agent, MockAgent } from "undici"
import { afterEach, describe, expect, it } from "vitest"
import { systemClock } from "../clock.js"
import { TokenError } from "../errors.js"
import { VirtualClock } from "../testing/virtual-clock.js"
import { exchangeByDispatcher, exchangeByFetch, freshConnections } from "./http-exchange.js"
import { IssuerClient, type IssuerClientOptions } from "./issuer-client.js"

const opened: Server[] = []
afterEach(() => {
  for (const server of opened.splice(0)) {
    if (server instanceof HttpServer) server.closeAllConnections()
    server.close()
  }
})

type Handler = (request: IncomingMessage, response: ServerResponse) => void

async function listen(server: Server): Promise<number> {
  opened.push(server)
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return (server.address() as AddressInfo).port
}

async function serve(handler: Handler): Promise<string> {
  return `http://127.0.0.1:${await listen(createServer(handler))}/token`
}

async function closedPort(): Promise<number> {
  const server = createTcpServer()
  const port = await listen(server)
  server.close()
  await once(server, "close")
  return port
}

const defaults = { timeoutMs: 10_000, maximumResponseBytes: 1_000 }
const ownConnections = { exchange: exchangeByDispatcher(async () => freshConnections(10_000)), tellsSending: true }
const globalFetch = { exchange: exchangeByFetch(fetch), tellsSending: false }

function client(options: Partial<IssuerClientOptions> = {}, sender = ownConnections) {
  return new IssuerClient(sender, { ...defaults, ...options })
}

const post = (url: string) => ({ url, method: "POST", headers: { "content-type": "text/plain" }, body: "x" }) as const

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => Promise.reject(new Error("it did not fail")),
    (error: unknown) => error,
  )
}

describe.each([
  ["the library's own connections", ownConnections],
  ["a fetch of the application's", globalFetch],
])("by %s", (_, sender) => {
  it("sends method, headers and body, and gives status, headers and text", async () => {
    const seen: unknown[] = []
    const url = await serve((request, response) => {
      const chunks: Buffer[] = []
      request.on("data", (chunk: Buffer) => chunks.push(chunk))
      request.on("end", () => {
        seen.push([request.method, request.headers["x-one"], Buffer.concat(chunks).toString()])
        response.writeHead(418, { "x-two": "2" }).end("tea")
      })
    })
    const answer = await client({}, sender).send({ url, method: "POST", headers: { "x-one": "1" }, body: "hello" })
    expect(seen).toEqual([["POST", "1", "hello"]])
    expect([answer.status, answer.header("x-two"), answer.header("x-three"), answer.text]).toEqual([
      418,
      "2",
      undefined,
      "tea",
    ])
  })

  it("does not follow a redirect", async () => {
    let requests = 0
    const url = await serve((_request, response) => {
      requests += 1
      response.writeHead(307, { location: "/elsewhere" }).end()
    })
    expect((await client({}, sender).send(post(url))).status).toBe(307)
    expect(requests).toBe(1)
  })

  it("gives no text of an answer above the limit, though it says no length", async () => {
    const url = await serve((_request, response) => {
      response.write("x".repeat(600))
      response.write("x".repeat(600))
      response.end()
    })
    expect((await client({}, sender).send(post(url))).text).toBeUndefined()
  })

  it("reads an answer compressed unasked", async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("hello"))
    })
    expect((await client({}, sender).send(post(url))).text).toBe("hello")
  })

  it("a refused connection sent nothing", async () => {
    const error = await failureOf(client({}, sender).send(post(`http://127.0.0.1:${await closedPort()}/`)))
    expect(error).toMatchObject({ code: "ERR_TOKEN_REQUEST", transient: true, ambiguous: false })
    expect(String(error)).toContain("ECONNREFUSED")
  })

  it("a host that does not exist was sent nothing", async () => {
    const error = await failureOf(client({}, sender).send(post("https://nowhere.invalid/")))
    expect(error).toMatchObject({ code: "ERR_TOKEN_REQUEST", transient: true, ambiguous: false })
  })

  it("a connection reset before the answer may have been processed", async () => {
    const url = await serve((request) => request.resume().on("end", () => request.socket.resetAndDestroy()))
    const error = await failureOf(client({}, sender).send(post(url)))
    expect(error).toMatchObject({ code: "ERR_TOKEN_REQUEST", transient: true, ambiguous: true })
  })

  it("a connection reset in the middle of the answer may have been processed", async () => {
    const url = await serve((request, response) => {
      response.writeHead(200, { "content-length": "100" })
      response.write("half", () => request.socket.resetAndDestroy())
    })
    expect(await failureOf(client({}, sender).send(post(url)))).toMatchObject({
      code: "ERR_TOKEN_REQUEST",
      ambiguous: true,
    })
  })

  it("nothing is ambiguous about a GET", async () => {
    const url = await serve((request) => request.socket.resetAndDestroy())
    const error = await failureOf(client({}, sender).send({ url, method: "GET", headers: {} }))
    expect(error).toMatchObject({ code: "ERR_TOKEN_REQUEST", ambiguous: false })
  })

  it.each([
    ["the headers", (_response: ServerResponse) => {}],
    ["the end of the body", (response: ServerResponse) => void response.writeHead(200).write("half")],
  ])("the deadline ends the wait for %s, and what was sent may have been processed", async (_what, begin) => {
    const clock = new VirtualClock()
    const arrived = signalled()
    const url = await serve((_request, response) => {
      begin(response)
      arrived.give()
    })
    const failure = failureOf(client({ clock }, sender).send(post(url)))
    await arrived.given
    await clock.advance(10_000)
    expect(await failure).toMatchObject({ code: "ERR_TOKEN_REQUEST_TIMEOUT", transient: true, ambiguous: true })
  })

  it("nothing is sent once a shared deadline is over", async () => {
    const clock = new VirtualClock()
    let requests = 0
    const url = await serve((_request, response) => {
      requests += 1
      response.end()
    })
    const late = client({ clock }, sender)
    const deadline = late.deadline()
    await clock.advance(10_000)
    expect(await failureOf(late.send(post(url), { deadline }))).toMatchObject({
      code: "ERR_TOKEN_REQUEST_TIMEOUT",
      transient: true,
      ambiguous: false,
    })
    expect(requests).toBe(0)
  })

  it("leaves neither timer nor listener behind", async () => {
    const { signal } = new AbortController()
    const counted = countingListeners(signal)
    const timers = { set: 0, cancelled: 0 }
    const clock = {
      ...systemClock,
      setTimer: () => {
        timers.set += 1
        return { cancel: () => void (timers.cancelled += 1) }
      },
    }
    const url = await serve((_request, response) => response.end())
    await client({ clock }, sender).send(post(url), { signal })
    expect(timers).toEqual({ set: 1, cancelled: 1 })
    expect(counted.now()).toBe(0)
  })

  it("rejects with the reason of the caller's signal, before sending and after", async () => {
    const reason = { why: "enough" }
    let requests = 0
    const waiting = new AbortController()
    const url = await serve(() => {
      requests += 1
      waiting.abort(reason)
    })
    expect(await failureOf(client({}, sender).send(post(url), { signal: AbortSignal.abort(reason) }))).toBe(reason)
    expect(requests).toBe(0)
    expect(await failureOf(client({}, sender).send(post(url), { signal: waiting.signal }))).toBe(reason)
    expect(requests).toBe(1)
  })
})

describe("by the library's own connections", () => {
  it("opens one for each request, and says so", async () => {
    const ports = new Set<number | undefined>()
    const connection: (string | undefined)[] = []
    const url = await serve((request, response) => {
      ports.add(request.socket.remotePort)
      connection.push(request.headers.connection)
      response.end("ok")
    })
    for (let i = 0; i < 3; i += 1) await client().send(post(url))
    expect(ports.size).toBe(3)
    expect(connection).toEqual(["close", "close", "close"])
  })

  it("sends once, though the Fetch standard sends again after a 421", async () => {
    let requests = 0
    const url = await serve((_request, response) => {
      requests += 1
      response.writeHead(421).end()
    })
    expect((await client().send(post(url))).status).toBe(421)
    expect(requests).toBe(1)
  })

  it("a failing TLS handshake sent nothing", async () => {
    const plain = await listen(createTcpServer((socket) => socket.on("error", () => {}).end("HTTP/1.1 400 no\r\n\r\n")))
    const error = await failureOf(client().send(post(`https://127.0.0.1:${plain}/`)))
    expect(error).toMatchObject({ code: "ERR_TOKEN_REQUEST", transient: true, ambiguous: false })
  })

  it("a connection reset within the TLS handshake sent nothing", async () => {
    const rude = await listen(
      createTcpServer((socket) => socket.on("error", () => {}).once("data", () => socket.resetAndDestroy())),
    )
    const error = await failureOf(client().send(post(`https://127.0.0.1:${rude}/`)))
    expect(error).toMatchObject({ code: "ERR_TOKEN_REQUEST", transient: true, ambiguous: false })
  })

  it("the deadline within the TLS handshake sent nothing", async () => {
    const clock = new VirtualClock()
    const connected = signalled()
    const silent = createTcpServer((socket) => {
      socket.on("error", () => {})
      connected.give()
    })
    const port = await listen(silent)
    const failure = failureOf(client({ clock }).send(post(`https://127.0.0.1:${port}/`)))
    await connected.given
    await clock.advance(10_000)
    const error = await failure
    expect(error).toMatchObject({ code: "ERR_TOKEN_REQUEST_TIMEOUT", transient: true, ambiguous: false })
    expect(String(error)).toContain(`no connection to 127.0.0.1:${port} within 10000 ms`)
  })

  it("an answer that is no HTTP may follow on a processed request", async () => {
    const odd = await listen(
      createTcpServer((socket) => socket.on("error", () => {}).once("data", () => socket.end("hello\r\n\r\n"))),
    )
    const error = await failureOf(client().send(post(`http://127.0.0.1:${odd}/`)))
    expect(error).toMatchObject({ code: "ERR_TOKEN_REQUEST", ambiguous: true })
  })
})

describe("by a dispatcher of the application's", () => {
  it("uses it, a mock as well as an agent", async () => {
    const mock = new MockAgent()
    mock.disableNetConnect()
    mock.get("https://id.example.com").intercept({ path: "/token", method: "POST" }).reply(200, "mocked")
    const mocked = client({}, { exchange: exchangeByDispatcher(async () => mock), tellsSending: true })
    expect((await mocked.send(post("https://id.example.com/token"))).text).toBe("mocked")

    const agent = new Agent()
    const url = await serve((_request, response) => response.end("real"))
    const real = client({}, { exchange: exchangeByDispatcher(async () => agent), tellsSending: true })
    expect((await real.send(post(url))).text).toBe("real")
    await agent.close()
  })

  it("its connect timeout sent nothing", async () => {
    const connectTimeout = Object.assign(new Error("slow"), { code: "UND_ERR_CONNECT_TIMEOUT" })
    const exchange = () => Promise.reject(connectTimeout)
    const error = await failureOf(client({}, { exchange, tellsSending: true }).send(post("https://id.example.com/")))
    expect(error).toMatchObject({ code: "ERR_TOKEN_REQUEST_TIMEOUT", transient: true, ambiguous: false })
  })
})

describe("by a fetch of the application's", () => {
  it("takes an opaque redirect for what it is", async () => {
    const opaque = Object.defineProperty(new Response(null), "type", { value: "opaqueredirect" })
    const sender = { exchange: exchangeByFetch(async () => opaque), tellsSending: false }
    expect((await client({}, sender).send(post("https://id.example.com/"))).status).toBe(302)
  })

  const failures: readonly (readonly [string, () => unknown, string])[] = [
    ["quotes what it sent", () => new Error("x=secret-in-a-message"), "unknown error"],
    ["throws no error at all", () => "secret-in-a-message", "unknown error"],
    ["has a code that is none", () => Object.assign(new Error(""), { code: "secret-in-a-message!" }), "unknown error"],
    [
      "wraps the cause",
      () => new TypeError("fetch failed", { cause: Object.assign(new Error(), { code: "EPIPE" }) }),
      "EPIPE",
    ],
    ["collects several", () => new AggregateError([Object.assign(new Error(), { code: "ENETDOWN" })]), "ENETDOWN"],
  ]
  it.each(failures)("shows no more than the code of one that %s, and takes it for sent", async (_, error, code) => {
    const sender = { exchange: exchangeByFetch(() => Promise.reject(error())), tellsSending: false }
    const failure = await failureOf(client({}, sender).send(post("https://id.example.com/")))
    expect(failure).toBeInstanceOf(TokenError)
    expect(failure).toMatchObject({ message: `no answer from id.example.com: ${code}`, ambiguous: true })
    expect(failure).not.toHaveProperty("cause")
  })

  it("does not wait for one that ignores the signal", async () => {
    const clock = new VirtualClock()
    const sender = { exchange: exchangeByFetch(() => new Promise(() => {})), tellsSending: false }
    const failure = failureOf(client({ clock }, sender).send(post("https://id.example.com/")))
    await clock.advance(10_000)
    expect(await failure).toMatchObject({ code: "ERR_TOKEN_REQUEST_TIMEOUT", ambiguous: true })
  })
})

function signalled() {
  let give = () => {}
  const given = new Promise<void>((resolve) => (give = resolve))
  return { give, given }
}

function countingListeners(signal: AbortSignal) {
  let count = 0
  const { addEventListener, removeEventListener } = signal
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    count += 1
    addEventListener.apply(signal, args)
  }
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    count -= 1
    removeEventListener.apply(signal, args)
  }
  return { now: () => count }
}
