import { FormData as UndiciFormData, fetch as undiciFetch } from "undici"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { TokenError } from "../errors.js"
import type { ProvenRequest } from "../proof-of-possession.js"
import { ApiServer } from "../testing/internal/api-server.js"
import { RenewingSource, tokenOf } from "../testing/internal/renewing-source.js"
import type { TokenSource } from "../token-source.js"
import { createFetch } from "./create-fetch.js"

// the types know fewer headers than the Fetch standard
const onceOnly = (name: string) => new Map([[name, "kept"]]).entries() as never

let api: ApiServer
let other: ApiServer
beforeEach(async () => {
  api = await new ApiServer().listen()
  other = await new ApiServer().listen()
})
afterEach(() => {
  api.close()
  other.close()
})

describe("at once refused, with what mends it,", () => {
  it("is a source that spends what works once", () => {
    const source = { singleUse: true, getToken: () => Promise.reject(new Error("not asked")) }
    expect(() => createFetch(source, { origins: ["https://api.example.com"] })).toThrow(
      TypeError("source spends a refresh token that works once: wrap it in a CachedTokenSource with a durable cache"),
    )
  })

  it("is an option that is none", () => {
    const options = { origins: ["https://api.example.com"], origin: "https://api.example.com" }
    expect(() => createFetch(new RenewingSource(tokenOf("good")), options)).toThrow(
      TypeError("origin is not an option of createFetch: did you mean origins?"),
    )
  })

  it.each([undefined, null])("are options that are none: %s", (options) => {
    expect(() => createFetch(new RenewingSource(tokenOf("good")), options as never)).toThrow(
      TypeError(`options must be an object; got ${options}`),
    )
  })
})

describe("the token is presented", () => {
  it("to a listed origin, whether asked for by text, URL or Request, beside the caller's own headers", async () => {
    const source = new RenewingSource(tokenOf("good"))
    const fetch = createFetch(source, { origins: [`${api.origin.replace("http", "HTTP")}/`] })
    const url = `${api.origin}/a?b=c`
    const headers = { "x-own": "kept" }
    const requests = [[url], [new URL(url)], [new Request(url, { headers })], [url, { headers }]] as const
    for (const [input, init] of requests) expect((await fetch(input, init)).status).toBe(200)
    expect(api.authorizations).toEqual(Array.from({ length: 4 }, () => "Bearer good"))
  })

  it("by the fetch given, with all that the caller asked for", async () => {
    const sent: (RequestInit | undefined)[] = []
    const custom = async (_input: unknown, init?: RequestInit) => {
      sent.push(init)
      return new Response("ok")
    }
    const fetch = createFetch(new RenewingSource(tokenOf("good")), {
      origins: ["https://api.example.com"],
      fetch: custom,
    })
    await fetch("https://api.example.com/x", { method: "PUT", body: "b", headers: { "x-own": "kept" } })
    expect(sent).toHaveLength(1)
    expect(sent[0]).toMatchObject({ method: "PUT", body: "b" })
    expect(Object.fromEntries(new Headers(sent[0]?.headers))).toEqual({ authorization: "Bearer good", "x-own": "kept" })
  })

  it("to the origin that was asked for, even if the caller changes the URL and the options meanwhile", async () => {
    const fetch = createFetch(new RenewingSource(tokenOf("good")), { origins: [api.origin] })
    const url = new URL("/first", api.origin)
    const init = { method: "PUT", body: "first" }
    const answer = fetch(url, init)
    url.href = `${other.origin}/second`
    Object.assign(init, { method: "POST", body: "second" })
    expect((await answer).status).toBe(200)
    expect([api.seen, other.seen]).toMatchObject([[{ path: "/first", method: "PUT", body: "first" }], []])
  })

  it("beside headers that can be read only once, and not in place of one among them", async () => {
    const sent: (RequestInit | undefined)[] = []
    const fetch = createFetch(new RenewingSource(tokenOf("good")), {
      origins: [api.origin],
      fetch: async (_input, init) => new Response(`${sent.push(init)}`),
    })
    for (const name of ["x-own", "authorization"]) await fetch(api.origin, { headers: onceOnly(name) })
    expect(sent.map((init) => [...new Headers(init?.headers)].flat())).toEqual([
      ["authorization", "Bearer good", "x-own", "kept"],
      ["authorization", "kept"],
    ])
  })

  it("with the method and body of a Request that is given for the options", async () => {
    const fetch = createFetch(new RenewingSource(tokenOf("good")), { origins: [api.origin] })
    await fetch(`${api.origin}/x`, new Request(other.origin, { method: "POST", body: "kept" }))
    expect(api.seen).toMatchObject([{ method: "POST", body: "kept", authorization: "Bearer good" }])
  })

  it("to no other origin: these pass through, and no token is asked for", async () => {
    const source = new RenewingSource(tokenOf("good"))
    const fetch = createFetch(source, { origins: [api.origin] })
    const { port } = new URL(api.origin)
    other.accepted.clear()
    expect((await fetch(`${other.origin}/`)).status).toBe(401)
    await fetch(`http://localhost:${port}/`).catch(() => undefined)
    expect([...other.authorizations, ...api.authorizations].filter((value) => value !== undefined)).toEqual([])
    expect(source.requests).toEqual([])
  })

  it("not in place of an authorization of the caller's own, whose 401 is the caller's", async () => {
    const source = new RenewingSource(tokenOf("good"))
    const fetch = createFetch(source, { origins: [api.origin] })
    const headers = { Authorization: "Basic own" }
    await fetch(api.origin, { headers })
    expect((await fetch(new Request(api.origin, { headers }))).status).toBe(401)
    expect(api.authorizations).toEqual(["Basic own", "Basic own"])
    expect(source.requests).toEqual([])
  })

  it("never along a redirect to another origin, whose 401 renews nothing", async () => {
    const source = new RenewingSource(tokenOf("good"))
    api.redirects.set("/away", `${other.origin}/landed`)
    // even if that origin is listed: the Fetch standard drops the header
    const fetch = createFetch(source, { origins: [api.origin, other.origin] })
    expect((await fetch(`${api.origin}/away`)).status).toBe(401)
    expect(api.authorizations).toEqual(["Bearer good"])
    expect(other.seen).toMatchObject([{ authorization: undefined, path: "/landed", body: "" }])
    expect(source.renewals).toBe(0)
  })

  it("along a redirect within the origin", async () => {
    api.redirects.set("/old", "/new")
    const fetch = createFetch(new RenewingSource(tokenOf("good")), { origins: [api.origin] })
    expect((await fetch(`${api.origin}/old`)).status).toBe(200)
    expect(api.authorizations).toEqual(["Bearer good", "Bearer good"])
  })
})

describe("on 401", () => {
  const bodies: readonly (readonly [string, () => RequestInit, string])[] = [
    ["none", () => ({ method: "POST" }), ""],
    ["null", () => ({ method: "POST", body: null }), ""],
    ["text", () => ({ method: "POST", body: "hello" }), "hello"],
    ["a Buffer", () => ({ method: "POST", body: Buffer.from("hello") }), "hello"],
    ["an ArrayBuffer", () => ({ method: "POST", body: new TextEncoder().encode("hello").buffer }), "hello"],
    ["a form", () => ({ method: "POST", body: new URLSearchParams({ a: "b" }) }), "a=b"],
    ["a Blob", () => ({ method: "POST", body: new Blob(["hello"]) }), "hello"],
  ]
  it.each(bodies)("it renews once and sends the same again, body: %s", async (_, init, body) => {
    const source = new RenewingSource(tokenOf("old"), tokenOf("good"))
    const fetch = createFetch(source, { origins: [api.origin] })
    const response = await fetch(`${api.origin}/x`, init())
    expect(await response.text()).toBe("from the API")
    expect(response.status).toBe(200)
    expect(api.seen).toMatchObject([
      { authorization: "Bearer old", path: "/x", body },
      { authorization: "Bearer good", path: "/x", body },
    ])
    expect(source.renewals).toBe(1)
  })

  it("a FormData body and a Request without one are sent again", async () => {
    const body = new FormData()
    body.set("a", "hello")
    const form = createFetch(new RenewingSource(tokenOf("old"), tokenOf("good")), { origins: [api.origin] })
    expect((await form(api.origin, { method: "POST", body })).status).toBe(200)
    const request = createFetch(new RenewingSource(tokenOf("old"), tokenOf("good")), { origins: [api.origin] })
    expect((await request(new Request(api.origin))).status).toBe(200)
    expect(api.seen.map((seen) => seen.body.includes("hello"))).toEqual([true, true, false, false])
  })

  const streams: readonly (readonly [string, () => [string | Request, RequestInit?]])[] = [
    ["a stream", () => [api.origin, { method: "POST", body: new Blob(["hello"]).stream(), duplex: "half" }]],
    ["a Request with a body", () => [new Request(api.origin, { method: "POST", body: "hello" })]],
  ]
  it.each(streams)("%s is not sent again, but the next request has the new token", async (_, request) => {
    const source = new RenewingSource(tokenOf("old"), tokenOf("good"))
    const fetch = createFetch(source, { origins: [api.origin] })
    const response = await fetch(...request())
    expect([response.status, await response.text()]).toEqual([401, "from the API"])
    expect((await fetch(api.origin)).status).toBe(200)
    expect(api.authorizations).toEqual(["Bearer old", "Bearer good"])
  })

  it("a second 401 is the answer: one renewal, one replay", async () => {
    const source = new RenewingSource(tokenOf("old"), tokenOf("revoked"), tokenOf("good"))
    const fetch = createFetch(source, { origins: [api.origin] })
    const response = await fetch(api.origin)
    expect([response.status, await response.text()]).toEqual([401, "from the API"])
    expect([source.renewals, api.seen.length]).toEqual([1, 2])
  })

  it.each([
    ["fails", new TokenError("ERR_TOKEN_REQUEST", "down", { transient: true })],
    ["gives the same access token", tokenOf("old")],
  ])("a renewal that %s leaves the 401 as it is, body unread", async (_, next) => {
    const source = new RenewingSource(tokenOf("old"), next)
    const response = await createFetch(source, { origins: [api.origin] })(api.origin)
    expect([response.status, await response.text()]).toEqual([401, "from the API"])
    expect([source.renewals, api.seen.length]).toEqual([1, 1])
  })

  it("gives up the discarded answer, so that its connection is free", async () => {
    const cancelled: string[] = []
    const custom = async (_input: unknown, init?: RequestInit) => {
      const authorization = new Headers(init?.headers).get("authorization") ?? ""
      const body = new ReadableStream({ cancel: () => void cancelled.push(authorization) })
      return new Response(body, { status: authorization === "Bearer good" ? 200 : 401 })
    }
    const source = new RenewingSource(tokenOf("old"), tokenOf("good"))
    await createFetch(source, { origins: ["https://api.example.com"], fetch: custom })("https://api.example.com/")
    expect(cancelled).toEqual(["Bearer old"])
  })

  it("aborted while it renews, it rejects with the reason, as fetch does", async () => {
    const reason = new Error("enough")
    const waiting = new AbortController()
    const old = tokenOf("old")
    const source: TokenSource = {
      getToken: async ({ newerThan, signal } = {}) => {
        if (newerThan === undefined) return old
        waiting.abort(reason)
        throw signal?.reason
      },
    }
    const fetch = createFetch(source, { origins: [api.origin] })
    await expect(fetch(api.origin, { signal: waiting.signal })).rejects.toBe(reason)
  })
})

it("for want of scope, nothing is renewed and nothing sent again", async () => {
  api.challenge = 'Bearer error="insufficient_scope"'
  const source = new RenewingSource(tokenOf("old"), tokenOf("good"))
  expect((await createFetch(source, { origins: [api.origin] })(api.origin)).status).toBe(401)
  expect([source.renewals, api.seen.length]).toEqual([0, 1])
})

it("undici's own FormData is sent again", async () => {
  const body = new UndiciFormData()
  body.set("a", "hello")
  const send = undiciFetch as unknown as typeof fetch
  const source = new RenewingSource(tokenOf("old"), tokenOf("good"))
  const undicis = createFetch(source, { origins: [api.origin], fetch: send })
  expect((await undicis(api.origin, { method: "POST", body: body as unknown as FormData })).status).toBe(200)
})

describe("a token that is bound to a key", () => {
  const nonces: (readonly [string, string])[] = []
  const dpop = {
    noteNonce: (url: string, nonce: string) => void nonces.push([url, nonce]),
    proof: async ({ method, url, accessToken }: ProvenRequest) =>
      [method, url, accessToken, nonces.at(-1)?.[1]].join(" ").trim(),
  }
  beforeEach(() => nonces.splice(0))

  it("goes with a proof for the request; each of nonce and token is mended once", async () => {
    const challenges = ['DPoP error="use_dpop_nonce"', 'DPoP error="invalid_token"', 'DPoP error="use_dpop_nonce"']
    const sent: unknown[] = []
    api.reject = ({ headers }, response) => {
      sent.push([headers.authorization, headers["dpop"]])
      response.writeHead(401, { "www-authenticate": challenges.shift(), "dpop-nonce": `n${sent.length}` }).end()
    }
    const source = new RenewingSource(tokenOf("old", "DPoP"), tokenOf("new", "DPoP"))
    const url = `${api.origin}/x`
    const fetch = createFetch(source, { origins: [api.origin], dpop })
    expect((await fetch(new Request(url, { method: "PUT" }))).status).toBe(401)
    expect(sent).toEqual([
      ["DPoP old", `PUT ${url} old`],
      ["DPoP old", `PUT ${url} old n1`],
      ["DPoP new", `PUT ${url} new n2`],
    ])
    expect(nonces).toEqual(["n1", "n2", "n3"].map((nonce) => [url, nonce]))
  })

  it("takes no nonce from another origin, reached by a redirect", async () => {
    api.reject = (_request, response) => response.writeHead(307, { location: other.origin }).end()
    other.reject = (_request, response) =>
      response.writeHead(401, { "www-authenticate": 'DPoP error="use_dpop_nonce"', "dpop-nonce": "evil" }).end()
    const fetch = createFetch(new RenewingSource(tokenOf("old", "DPoP")), { origins: [api.origin], dpop })
    expect((await fetch(api.origin)).status).toBe(401)
    expect([nonces, other.seen.length]).toEqual([[], 1])
  })
})

it("the caller's signal reaches the source, from init or from the Request", async () => {
  const source = new RenewingSource(tokenOf("good"))
  const fetch = createFetch(source, { origins: [api.origin] })
  const { signal } = new AbortController()
  const request = new Request(api.origin, { signal })
  await fetch(api.origin, { signal })
  await fetch(request)
  await fetch(request, { signal: null })
  expect(source.requests.map((asked) => asked.signal)).toEqual([signal, request.signal, undefined])
})

it("a source without a token rejects with its own error, and nothing is sent", async () => {
  const error = new TokenError("ERR_TOKEN_EXPIRED", "expired", { transient: true })
  await expect(createFetch(new RenewingSource(error), { origins: [api.origin] })(api.origin)).rejects.toBe(error)
  expect(api.seen).toEqual([])
})

it("what is no URL is left to fetch", async () => {
  const source = new RenewingSource(tokenOf("good"))
  await expect(createFetch(source, { origins: [api.origin] })("/relative")).rejects.toBeInstanceOf(TypeError)
  expect(source.requests).toEqual([])
})

describe("a bad option is a TypeError that names it", () => {
  const source = new RenewingSource(tokenOf("good"))
  const origins: readonly (readonly [string, unknown])[] = [
    ["missing", undefined],
    ["text", "https://api.example.com"],
    ["empty", []],
    ["no URL", ["api.example.com"]],
    ["a number", [7]],
    ["a path", ["https://api.example.com/v1"]],
    ["a query", ["https://api.example.com/?a"]],
    ["a password", ["https://me:secret-in-url@api.example.com"]],
    ["a pattern in the middle", ["https://api.*.example.com"]],
    ["every host of a top-level domain", ["https://*.com"]],
    ["in the clear", ["http://api.example.com"]],
    ["no web origin", ["file:///etc"]],
  ]
  it.each(origins)("origins: %s", (_, value) => {
    const create = () => createFetch(source, { origins: value as string[] })
    expect(create).toThrow(TypeError)
    expect(create).toThrow(/^origins must/)
    expect(create).not.toThrow(/secret-in-url/)
  })

  it("source and fetch", () => {
    const options = { origins: ["https://api.example.com"] }
    expect(() => createFetch(undefined as unknown as TokenSource, options)).toThrow(/^source must/)
    expect(() => createFetch({} as TokenSource, options)).toThrow(/^source must/)
    expect(() => createFetch(source, { ...options, fetch: "fetch" as unknown as typeof fetch })).toThrow(/^fetch must/)
  })
})
