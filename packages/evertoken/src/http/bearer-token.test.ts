import type { ServerResponse } from "node:http"
import { Readable, Writable } from "node:stream"
import { buffer, text } from "node:stream/consumers"
import { Agent, Client, fetch as undiciFetch, FormData, interceptors, MockAgent, Pool, type Dispatcher } from "undici"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { TokenError } from "../errors.js"
import { ApiServer } from "../testing/internal/api-server.js"
import { RenewingSource, tokenOf } from "../testing/internal/renewing-source.js"
import type { TokenSource } from "../token-source.js"
import type { Token } from "../token.js"
import type { BearerOptions } from "./bearer-options.js"
import { bearerToken } from "./bearer-token.js"
import { flatHeaders } from "./request-headers.js"

let api: ApiServer
let other: ApiServer
let agent: Agent
beforeEach(async () => {
  api = await new ApiServer().listen()
  other = await new ApiServer().listen()
  agent = new Agent()
})
afterEach(async () => {
  await agent.destroy()
  api.close()
  other.close()
})

const carrying = (source: TokenSource, options: Partial<BearerOptions> = {}): Dispatcher =>
  agent.compose(bearerToken(source, { origins: [api.origin], ...options }))

const get = (dispatcher: Dispatcher, path = "/x", options: Partial<Dispatcher.RequestOptions> = {}) =>
  dispatcher.request({ origin: api.origin, path, method: "GET", ...options })

// the types of Node's own undici are those of another major
const globalFetch = (url: string, dispatcher: unknown) => fetch(url, { dispatcher } as RequestInit)

const renewing = () => new RenewingSource(tokenOf("old"), tokenOf("good"))

describe("the token is presented", () => {
  it("by request, stream, pipeline, and the fetch of undici and of Node", async () => {
    const dispatcher = carrying(new RenewingSource(tokenOf("good")))
    const options = { origin: api.origin, path: "/x", method: "GET" } as const
    await (await dispatcher.request(options)).body.dump()
    await dispatcher.stream(options, () => new Writable({ write: (_chunk, _encoding, done) => done() }))
    await text(dispatcher.pipeline(options, ({ body }) => body).end())
    await undiciFetch(`${api.origin}/x`, { dispatcher })
    await globalFetch(`${api.origin}/x`, dispatcher)
    expect(api.authorizations).toEqual(Array.from({ length: 5 }, () => "Bearer good"))
  })

  it("to a listed origin only: others pass through untouched, and no token is asked for", async () => {
    const source = new RenewingSource(tokenOf("good"))
    const dispatcher = carrying(source)
    const { statusCode } = await get(dispatcher, "/x", { origin: other.origin })
    expect([statusCode, other.authorizations, source.requests]).toEqual([401, [undefined], []])
  })

  it("not in place of an authorization of the caller's own, in any shape, whose 401 is the caller's", async () => {
    const source = new RenewingSource(tokenOf("good"))
    const seen: Dispatcher.DispatchOptions[] = []
    const dispatch = bearerToken(source, { origins: [api.origin] })((request) => seen.push(request) > 0)
    const own = "Basic own"
    const shapes = [
      ["x", "y", "AUTHORIZATION", own],
      { Authorization: own },
      new Headers({ Authorization: own }),
      new Map([["Authorization", own]]),
      [["Authorization", own]] as unknown as string[],
    ]
    const requests = shapes.map((headers) => ({ origin: api.origin, path: "/", method: "GET", headers }))
    for (const request of requests) dispatch(request, { onRequestStart: () => undefined })
    expect(seen).toEqual(requests.map((request) => ({ ...request, headers: flatHeaders(request.headers) })))
    const { statusCode } = await get(carrying(source), "/x", { headers: { authorization: own } })
    expect([statusCode, api.authorizations, source.requests]).toEqual([401, [own], []])
  })

  it("to the origin that was asked for, even if the caller reuses the options meanwhile", async () => {
    const options = { origin: api.origin, path: "/first", method: "GET" as const, headers: { "x-own": "first" } }
    const answer = carrying(new RenewingSource(tokenOf("good"))).request(options)
    Object.assign(options, { origin: other.origin, path: "/second" })
    await (await answer).body.dump()
    expect([api.seen, other.seen]).toMatchObject([[{ path: "/first", authorization: "Bearer good" }], []])
  })

  it("to the origin that was asked for, even if the caller changes the URL that names it", async () => {
    const origin = new URL(api.origin)
    const answer = carrying(new RenewingSource(tokenOf("good"))).request({ origin, path: "/", method: "GET" })
    origin.port = new URL(other.origin).port
    await (await answer).body.dump()
    expect([api.authorizations, other.seen]).toEqual([["Bearer good"], []])
  })

  it("beside headers that can be read only once", async () => {
    const seen: Dispatcher.DispatchOptions[] = []
    const dispatch = bearerToken(new RenewingSource(tokenOf("good")), { origins: [api.origin] })(
      (request) => seen.push(request) > 0,
    )
    const headers = new Map([["x-own", "kept"]]).entries()
    dispatch({ origin: api.origin, path: "/", method: "GET", headers }, { onRequestStart: () => undefined })
    await vi.waitFor(() => expect(seen).toMatchObject([{ headers: ["x-own", "kept", "authorization", "Bearer good"] }]))
  })

  it("of the source that was chosen for the request", async () => {
    const chosen: unknown[] = []
    const interceptor = bearerToken(
      ({ url, method }) => {
        chosen.push([url.href, method])
        return new RenewingSource(tokenOf(url.pathname === "/a" ? "good" : "better"))
      },
      { origins: [api.origin] },
    )
    const dispatcher = agent.compose(interceptor)
    await get(dispatcher, "/a")
    await get(dispatcher, "//b", { method: "POST" })
    expect(api.authorizations).toEqual(["Bearer good", "Bearer better"])
    expect(chosen).toEqual([
      [`${api.origin}/a`, "GET"],
      [`${api.origin}//b`, "POST"],
    ])
  })

  it("with an upgrade, whose socket is handed on; a tunnel has none of it", async () => {
    const asked: unknown[] = []
    api.server.on("upgrade", ({ headers }, socket) => {
      asked.push(headers.authorization)
      socket.end("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nhello")
    })
    api.server.on("connect", ({ headers }, socket) => {
      asked.push(headers.authorization)
      socket.end("HTTP/1.1 200 OK\r\n\r\nhello")
    })
    const pool = new Pool(api.origin)
    const dispatcher = pool.compose(bearerToken(new RenewingSource(tokenOf("good")), { origins: [api.origin] }))
    const upgrade = { origin: api.origin, path: "/", protocol: "echo" }
    expect(await text((await dispatcher.upgrade(upgrade)).socket)).toBe("hello")
    expect(await text((await dispatcher.connect({ origin: api.origin, path: "a:1" })).socket)).toBe("hello")
    expect(asked).toEqual(["Bearer good", undefined])
    await pool.destroy()
  })

  it("over HTTP/2", async () => {
    const { createServer } = await import("node:http2")
    const seen: unknown[] = []
    const server = createServer((request, response) => {
      const { authorization } = request.headers
      seen.push(authorization)
      response.writeHead(authorization === "Bearer good" ? 200 : 401).end("from the API")
    })
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const address = server.address()
    const origin = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`
    const { H2CClient } = await import("undici")
    const client = new H2CClient(origin)
    const dispatcher = client.compose(bearerToken(renewing(), { origins: [origin] }))
    const { statusCode, body } = await get(dispatcher, "/x", { origin })
    expect([statusCode, await body.text(), seen]).toEqual([200, "from the API", ["Bearer old", "Bearer good"]])
    await client.destroy()
    server.close()
  })
})

describe("on 401", () => {
  const form = new FormData()
  form.set("a", "hello")
  const bodies: readonly (readonly [string, Dispatcher.DispatchOptions["body"]])[] = [
    ["none", null],
    ["text", "hello"],
    ["a Buffer", Buffer.from("hello")],
    ["bytes", new TextEncoder().encode("hello")],
    ["a form", form],
  ]
  it.each(bodies)("it renews once and sends the same again, body: %s", async (_, body) => {
    const source = renewing()
    const answer = await get(carrying(source), "/x?a=b", { method: "POST", body: body ?? null })
    expect([answer.statusCode, await answer.body.text()]).toEqual([200, "from the API"])
    expect(api.authorizations).toEqual(["Bearer old", "Bearer good"])
    expect(api.seen.map((seen) => [seen.method, seen.path, seen.body.includes("hello")])).toEqual(
      Array.from({ length: 2 }, () => ["POST", "/x?a=b", body !== null]),
    )
    expect(source.renewals).toBe(1)
  })

  const streams: readonly (readonly [string, () => unknown])[] = [
    ["a stream", () => Readable.from(["hello"])],
    ["an iterable", () => ["hello"][Symbol.iterator]()],
  ]
  it.each(streams)("%s is not sent again, but the next request has the new token", async (_, body) => {
    const dispatcher = carrying(renewing())
    const answer = await get(dispatcher, "/x", { method: "POST", body: body() as Readable })
    expect([answer.statusCode, await answer.body.text()]).toEqual([401, "from the API"])
    expect((await get(dispatcher)).statusCode).toBe(200)
    expect(api.authorizations).toEqual(["Bearer old", "Bearer good"])
  })

  it("fetch has it without a body: with one, undici makes a stream of it", async () => {
    const dispatcher = carrying(renewing())
    const posted = await undiciFetch(`${api.origin}/x`, { dispatcher, method: "POST", body: "hello" })
    expect([posted.status, await posted.text()]).toEqual([401, "from the API"])
    const read = await globalFetch(`${api.origin}/x`, carrying(renewing()))
    expect([read.status, await read.text()]).toEqual([200, "from the API"])
    expect(api.authorizations).toEqual(["Bearer old", "Bearer old", "Bearer good"])
  })

  it("a second 401 is the answer: one renewal, one replay", async () => {
    const source = new RenewingSource(tokenOf("old"), tokenOf("revoked"), tokenOf("good"))
    const { statusCode, body } = await get(carrying(source))
    expect([statusCode, await body.text()]).toEqual([401, "from the API"])
    expect([source.renewals, api.seen.length]).toEqual([1, 2])
  })

  it.each([
    ["fails", new TokenError("ERR_TOKEN_REQUEST", "down", { transient: true })],
    ["gives the same access token", tokenOf("old")],
  ])("a renewal that %s leaves the 401 as it is", async (_, next) => {
    const source = new RenewingSource(tokenOf("old"), next)
    const { statusCode, body } = await get(carrying(source))
    expect([statusCode, await body.text()]).toEqual([401, "from the API"])
    expect([source.renewals, api.seen.length]).toEqual([1, 1])
  })

  it("for want of scope, nothing is renewed and nothing sent again", async () => {
    api.challenge = 'Bearer error="insufficient_scope", scope="more"'
    const source = renewing()
    const { statusCode, headers } = await get(carrying(source))
    expect([statusCode, headers["www-authenticate"]]).toEqual([401, api.challenge])
    expect([source.renewals, api.seen.length]).toEqual([0, 1])
  })

  it("without a challenge, nothing is renewed if only invalid_token says so", async () => {
    const source = renewing()
    const dispatcher = carrying(source, { renewOn: "invalid_token" })
    expect((await get(dispatcher)).statusCode).toBe(401)
    expect(source.renewals).toBe(0)
    api.challenge = 'Bearer error="invalid_token"'
    expect((await get(dispatcher)).statusCode).toBe(200)
    expect(source.renewals).toBe(1)
  })

  it("to HEAD, which has no body to wait for, it is sent again", async () => {
    expect((await get(carrying(renewing()), "/x", { method: "HEAD" })).statusCode).toBe(200)
    expect(api.seen.map(({ method }) => method)).toEqual(["HEAD", "HEAD"])
  })

  it("the connection of a short answer is kept", async () => {
    const client = new Agent({ connections: 1 })
    const dispatcher = client.compose(bearerToken(renewing(), { origins: [api.origin] }))
    expect((await get(dispatcher)).statusCode).toBe(200)
    expect(api.connections).toBe(1)
    await client.destroy()
  })

  it("an endless answer is not waited for, be it fast, slow, or on the only connection", async () => {
    const rejections: ((response: ServerResponse) => void)[] = [
      (response) =>
        Readable.from(endless())
          .on("error", () => undefined)
          .pipe(response),
      (response) => response.write("a"),
    ]
    for (const connections of [1, null]) {
      for (const rejection of rejections) {
        const client = new Agent({ connections })
        api.reject = (_request, response) => rejection(response.writeHead(401))
        const dispatcher = client.compose(bearerToken(renewing(), { origins: [api.origin] }))
        const { statusCode, body } = await get(dispatcher)
        expect([statusCode, await body.text()]).toEqual([200, "from the API"])
        await client.destroy()
      }
    }
    expect(api.seen).toHaveLength(8)
  })

  it("that comes before the body was read, and takes its connection along, the request is sent again", async () => {
    api.reject = (_request, response) => {
      response.writeHead(401, { connection: "close" }).end("no")
    }
    const large = "a".repeat(5_000_000)
    const { statusCode } = await get(carrying(renewing()), "/x", { method: "POST", body: large })
    expect([statusCode, api.seen.at(-1)?.body.length]).toEqual([200, large.length])
  })

  it("an answer that breaks off while a newer token is got is not missed", async () => {
    api.reject = (_request, response) => {
      response.writeHead(401, { "content-length": 10 }).write("no", () => response.destroy())
    }
    const inner = renewing()
    const source: TokenSource = {
      getToken: async (request) => {
        if (request?.newerThan) await new Promise((resolve) => setTimeout(resolve, 50))
        return inner.getToken(request)
      },
    }
    expect((await get(carrying(source))).statusCode).toBe(200)
  })

  it("from a mock, which knows no pause, it is the same", async () => {
    const mock = new MockAgent()
    mock.disableNetConnect()
    const pool = mock.get("https://api.example.com")
    for (const [authorization, status] of [["Bearer old", 401] as const, ["Bearer good", 200] as const]) {
      pool.intercept({ path: "/x", headers: { authorization } }).reply(status, `answer ${status}`).times(2)
    }
    const origins = ["https://api.example.com"]
    const mocked = (source: TokenSource) =>
      get(mock.compose(bearerToken(source, { origins })), "/x", { origin: "https://api.example.com" })
    const again = await mocked(renewing())
    expect([again.statusCode, await again.body.text()]).toEqual([200, "answer 200"])
    const stands = await mocked(new RenewingSource(tokenOf("old")))
    expect([stands.statusCode, await stands.body.text()]).toEqual([401, "answer 401"])
    await mock.close()
  })
})

function* endless() {
  for (;;) yield "a".repeat(65_536)
}

it("what alters a request below it in place alters one attempt, not the next", async () => {
  const paths: string[] = []
  const prefix: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) => {
    options.path = `/v1${options.path}`
    paths.push(options.path)
    return dispatch(options, handler)
  }
  api.accepted.clear()
  api.accepted.add("Bearer good")
  const { statusCode } = await get(agent.compose(prefix, bearerToken(renewing(), { origins: [api.origin] })))
  expect([statusCode, paths]).toEqual([200, ["/v1/x", "/v1/x"]])
})

describe("along a redirect", () => {
  const redirect = interceptors.redirect({ maxRedirections: 3 })
  const orders = [
    ["before", (token: Dispatcher.DispatcherComposeInterceptor) => [token, redirect]],
    ["after", (token: Dispatcher.DispatcherComposeInterceptor) => [redirect, token]],
  ] as const
  it.each(orders)(
    "to another origin there is no token, nor a renewal for its 401: composed %s it",
    async (_, order) => {
      api.redirects.set("/away", `${other.origin}/landed`)
      const source = new RenewingSource(tokenOf("good"))
      const dispatcher = agent.compose(order(bearerToken(source, { origins: [api.origin] })))
      const { statusCode } = await get(dispatcher, "/away")
      expect([statusCode, api.authorizations, other.authorizations]).toEqual([401, ["Bearer good"], [undefined]])
      expect(source.renewals).toBe(0)
    },
  )

  it.each(orders)("within the origin there is, and a 401 is mended: composed %s it", async (_, order) => {
    api.redirects.set("/old", "/new")
    api.accepted.clear()
    api.accepted.add("Bearer good")
    const dispatcher = agent.compose(order(bearerToken(renewing(), { origins: [api.origin] })))
    api.reject = ({ url }, response) => {
      if (url === "/old") response.writeHead(307, { location: "/new" }).end()
      else response.writeHead(401).end()
    }
    const { statusCode, body } = await get(dispatcher, "/old")
    expect([statusCode, await body.text()]).toEqual([200, "from the API"])
    expect(api.authorizations.at(-1)).toBe("Bearer good")
  })
})

it("a token at hand is presented without waiting, and one that is not is asked for", async () => {
  let atHand: Token | undefined = tokenOf("good")
  const source = Object.assign(renewing(), { atHand: () => atHand })
  const sent: unknown[] = []
  const dispatch = bearerToken(source, { origins: [api.origin] })(({ headers }) => sent.push(headers) > 0)
  dispatch({ origin: api.origin, path: "/", method: "GET" }, { onRequestStart: () => undefined })
  expect([sent, source.requests]).toEqual([[["authorization", "Bearer good"]], []])
  atHand = undefined
  await get(carrying(source))
  expect(source.requests).toHaveLength(2)
})

it("where the source is chosen, the request can be spread", async () => {
  const seen: unknown[] = []
  const choose = (request: { readonly url: URL; readonly method: string }) => {
    seen.push({ ...request })
    return new RenewingSource(tokenOf("good"))
  }
  await get(agent.compose(bearerToken(choose, { origins: [api.origin] })), "/x?q=1")
  expect(seen).toEqual([{ url: new URL("/x?q=1", api.origin), method: "GET" }])
})

describe("an abort", () => {
  const reason = new Error("enough")

  it("before anything else: no token is asked for", async () => {
    const source = renewing()
    await expect(get(carrying(source), "/x", { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect([source.requests, api.seen]).toEqual([[], []])
  })

  it("while it waits for the token: it rejects at once, and the source hears of it", async () => {
    const waiting = new AbortController()
    const told: unknown[] = []
    const source: TokenSource = {
      getToken: (request) => {
        request?.signal?.addEventListener("abort", () => told.push(request.signal?.reason))
        queueMicrotask(() => waiting.abort(reason))
        return new Promise(() => undefined)
      },
    }
    await expect(get(carrying(source), "/x", { signal: waiting.signal })).rejects.toBe(reason)
    expect([told, api.seen]).toEqual([[reason], []])
  })

  it.each([
    ["has a body", "GET"],
    ["is complete", "HEAD"],
  ] as const)(
    "while a newer token is got, and the rejection %s: it rejects, and nothing is sent again",
    async (_, method) => {
      const waiting = new AbortController()
      let renew: () => void = () => undefined
      const inner = renewing()
      const source: TokenSource = {
        getToken: async (request) => {
          if (request?.newerThan === undefined) return inner.getToken()
          setImmediate(() => waiting.abort(reason))
          await new Promise<void>((resolve) => (renew = resolve))
          return inner.getToken(request)
        },
      }
      await expect(get(carrying(source), "/x", { method, signal: waiting.signal })).rejects.toBe(reason)
      renew()
      await new Promise(setImmediate)
      expect(api.seen).toHaveLength(1)
    },
  )

  it("once the rejection was discarded, before it is sent again: it rejects, and nothing is sent again", async () => {
    const waiting = new AbortController()
    let proofs = 0
    const dpop = {
      noteNonce: () => undefined,
      proof: async () => {
        if (++proofs === 2) waiting.abort(reason)
        return "proof"
      },
    }
    let dispatches = 0
    const counting: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (request, handler) => {
      dispatches += 1
      return dispatch(request, handler)
    }
    const source = new RenewingSource(tokenOf("old", "DPoP"), tokenOf("good", "DPoP"))
    const dispatcher = agent.compose(counting, bearerToken(source, { origins: [api.origin], dpop }))
    await expect(get(dispatcher, "/x", { signal: waiting.signal })).rejects.toBe(reason)
    await new Promise(setImmediate)
    expect([proofs, dispatches, api.seen.length]).toEqual([2, 1, 1])
  })

  it("while the answer is read: reading it fails", async () => {
    const waiting = new AbortController()
    api.reject = (_request, response) => void response.writeHead(403).write("the beginning")
    const { body } = await get(carrying(renewing()), "/x", { signal: waiting.signal })
    waiting.abort(reason)
    await expect(body.text()).rejects.toBe(reason)
  })
})

describe("no error is lost, and none is told twice:", () => {
  type Callback = Exclude<keyof Dispatcher.DispatchHandler, "onRequestUpgrade">
  const callbacks: Callback[] = ["onRequestStart", "onResponseStart", "onResponseData", "onResponseEnd"]
  const cases = callbacks.flatMap((name) => [
    [name, "a first answer", new RenewingSource(tokenOf("good"))] as const,
    [name, "a 401 that was held back", new RenewingSource(tokenOf("old"))] as const,
  ])
  it.each(cases)("what %s of the caller throws at %s", async (name, _, source) => {
    const thrown = new Error("thrown by the caller")
    const errors: unknown[] = []
    await new Promise<void>((resolve) => {
      const handler: Dispatcher.DispatchHandler = {
        onRequestStart: () => undefined,
        [name]: () => {
          throw thrown
        },
        onResponseError: (_controller, error) => {
          errors.push(error)
          resolve()
        },
      }
      carrying(source).dispatch({ origin: api.origin, path: "/x", method: "GET" }, handler)
    })
    await new Promise(setImmediate)
    expect(errors).toEqual([thrown])
  })

  it("what the caller throws at a 401 that was held back ends its connection", async () => {
    const thrown = new Error("thrown by the caller")
    const isClosed = new Promise((resolve) => {
      api.reject = (_request, response) =>
        response
          .on("close", () => resolve(true))
          .writeHead(401)
          .write("endless")
    })
    const source = new RenewingSource(tokenOf("old"))
    const told = new Promise((resolve) => {
      const handler: Dispatcher.DispatchHandler = {
        onRequestStart: () => undefined,
        onResponseStart: () => {
          throw thrown
        },
        onResponseError: (_controller, error) => resolve(error),
      }
      carrying(source).dispatch({ origin: api.origin, path: "/x", method: "GET" }, handler)
    })
    expect([await told, await isClosed]).toEqual([thrown, true])
  })

  it("a caller who throws at errors too is left alone", async () => {
    const thrown: string[] = []
    const fail = (name: string) => () => {
      thrown.push(name)
      throw new Error(name)
    }
    const handler = { onRequestStart: fail("start"), onResponseError: fail("error") }
    carrying(renewing()).dispatch({ origin: api.origin, path: "/x", method: "GET" }, handler)
    await new Promise(setImmediate)
    expect([thrown, api.seen]).toEqual([["start", "error"], []])
  })

  it("a source without a token, one that cannot be chosen, and one that is none reject with what they say", async () => {
    const error = new TokenError("ERR_TOKEN_EXPIRED", "expired", { transient: true })
    await expect(get(carrying(new RenewingSource(error)))).rejects.toBe(error)
    const origins = [api.origin]
    const choosing = (choose: () => TokenSource) => get(agent.compose(bearerToken(choose, { origins })))
    await expect(
      choosing(() => {
        throw error
      }),
    ).rejects.toBe(error)
    await expect(choosing(() => ({}) as TokenSource)).rejects.toThrow(/^source must/)
    const noError: unknown = "no error"
    const thrower = { getToken: () => Promise.reject(noError) }
    await expect(get(carrying(thrower))).rejects.toThrow("the request could not be sent")
    expect(api.seen).toEqual([])
  })

  it("a dispatcher that throws, refuses, or is closed", async () => {
    const error = new Error("thrown by an interceptor")
    const throwing: Dispatcher.DispatcherComposeInterceptor = () => () => {
      throw error
    }
    const token = bearerToken(renewing(), { origins: [api.origin, "https://127.0.0.1:1"] })
    await expect(get(agent.compose(throwing, token))).rejects.toBe(error)
    await expect(get(agent.compose(token), "/x", { origin: "https://127.0.0.1:1" })).rejects.toThrow(/ECONNREFUSED/)
    await agent.close()
    await expect(get(agent.compose(token))).rejects.toThrow(/closed|destroyed/)
  })

  it("a redirect too many, at the 401 that was held back", async () => {
    api.redirects.set("/old", "/new")
    api.reject = ({ url }, response) => {
      response.writeHead(url === "/old" ? 307 : 401, url === "/old" ? { location: "/new" } : {}).end()
    }
    const redirect = interceptors.redirect({ maxRedirections: 1 })
    const dispatcher = agent.compose(
      bearerToken(new RenewingSource(tokenOf("old")), { origins: [api.origin] }),
      redirect,
    )
    const options = { throwOnMaxRedirect: true } as Partial<Dispatcher.RequestOptions>
    await expect(get(dispatcher, "/old", options)).rejects.toThrow("max redirects")
  })

  it("a Client's request without an origin: it says what to do", async () => {
    const client = new Client(api.origin)
    const dispatcher = client.compose(bearerToken(renewing(), { origins: [api.origin] }))
    await expect(dispatcher.request({ path: "/", method: "GET" })).rejects.toThrow(/^a request has no origin/)
    expect((await get(dispatcher)).statusCode).toBe(200)
    await client.destroy()
  })

  it("a dispatcher older than undici 7", () => {
    const dispatch = bearerToken(renewing(), { origins: [api.origin] })(() => true)
    const request = { origin: api.origin, path: "/", method: "GET" } as const
    expect(() => dispatch(request, {})).toThrow(/undici 7 or newer$/)
  })
})

it("a reader slower than the API is not flooded", async () => {
  const size = 8_000_000
  api.server.removeAllListeners("request").on("request", (request, response) => {
    if (request.headers.authorization === "Bearer good") response.end(Buffer.alloc(size))
    else response.writeHead(401).end()
  })
  const { body } = await get(carrying(renewing()), "/x", { highWaterMark: 1_024 })
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(body.readableLength).toBeLessThan(size / 4)
  expect((await buffer(body)).length).toBe(size)
})

describe("a token that is bound to a key", () => {
  const dpopOf = () => {
    const notes: string[] = []
    const proofs: unknown[] = []
    const proof = async (request: object) => {
      proofs.push({ ...request, nonce: notes.at(-1) })
      return `proof-${proofs.length}`
    }
    return { notes, proofs, key: { proof, noteNonce: (_url: string, nonce: string) => void notes.push(nonce) } }
  }

  it("goes with a proof for the request; each of nonce and token is mended once", async () => {
    const { key, notes, proofs } = dpopOf()
    const challenges = ['DPoP error="use_dpop_nonce"', 'DPoP error="invalid_token"', 'DPoP error="use_dpop_nonce"']
    const sent: unknown[] = []
    api.reject = ({ headers }, response) => {
      sent.push([headers.authorization, headers["dpop"]])
      response.writeHead(401, { "www-authenticate": challenges.shift(), "dpop-nonce": `n${sent.length}` }).end()
    }
    const source = new RenewingSource(tokenOf("old", "DPoP"), tokenOf("new", "DPoP"))
    const { statusCode } = await get(carrying(source, { dpop: key }), "/x?q=1", { method: "POST" })
    expect(statusCode).toBe(401)
    expect(sent).toEqual([
      ["DPoP old", "proof-1"],
      ["DPoP old", "proof-2"],
      ["DPoP new", "proof-3"],
    ])
    const request = { method: "POST", url: `${api.origin}/x?q=1` }
    expect(proofs).toEqual([
      { ...request, accessToken: "old" },
      { ...request, accessToken: "old", nonce: "n1" },
      { ...request, accessToken: "new", nonce: "n2" },
    ])
    expect(notes).toEqual(["n1", "n2", "n3"])
  })

  it("is not presented without the key, and a nonce that nobody gave is not waited for", async () => {
    const source = new RenewingSource(tokenOf("old", "DPoP"))
    await expect(get(carrying(source))).rejects.toMatchObject({ code: "ERR_TOKEN_REQUEST", transient: false })
    expect(api.seen).toEqual([])
    api.challenge = 'DPoP error="use_dpop_nonce"'
    expect((await get(carrying(source, { dpop: dpopOf().key }))).statusCode).toBe(401)
    expect(api.seen).toHaveLength(1)
  })
})

describe("a bad option is a TypeError that names it:", () => {
  const source = new RenewingSource(tokenOf("good"))
  const origins = ["https://api.example.com"]
  it.each([
    ["source", () => bearerToken({} as TokenSource, { origins })],
    ["source", () => bearerToken({ singleUse: true, getToken: async () => tokenOf("good") }, { origins })],
    ["options", () => bearerToken(source, undefined as unknown as BearerOptions)],
    ["origins", () => bearerToken(source, { origins: [] })],
    ["renewOn", () => bearerToken(source, { origins, renewOn: "401" as "unauthorized" })],
    ["dpop", () => bearerToken(source, { origins, dpop: {} as never })],
  ])("%s", (name, create) => {
    expect(create).toThrow(TypeError)
    expect(create).toThrow(new RegExp(`^${name} `))
  })

  it("one that is none", () => {
    const options = { origins, renewon: "invalid_token" }
    expect(() => bearerToken(source, options)).toThrow(
      TypeError("renewon is not an option of bearerToken: did you mean renewOn?"),
    )
  })
})
