import { EventEmitter, once } from "node:events"
import { createServer, request as httpRequest } from "node:http"
import { inspect } from "node:util"
import { afterEach, describe, expect, it, vi } from "vitest"
import { Deferred } from "../testing/internal/deferred.js"
import { VirtualClock } from "../testing/virtual-clock.js"
import { signInWithBrowser, type BrowserSignInOptions } from "./sign-in-with-browser.js"

const { open } = vi.hoisted(() => ({ open: vi.fn() }))
vi.mock("open", () => ({ default: open }))
afterEach(() => vi.resetAllMocks())

const ISSUER = "https://id.example.com"
const CODE = "canary-code-92c1f0a7d3"
const granted = () => Response.json({ access_token: "at", token_type: "Bearer", expires_in: 600, refresh_token: "rt" })

/** A sign-in under way, and the URL that the browser was opened with. */
async function begun(
  options: Partial<BrowserSignInOptions> = {},
  answer: () => Response | Promise<Response> = granted,
) {
  const opened = new Deferred<string>()
  const asked: string[] = []
  const fetch = async (input: unknown) => {
    const url = String(input)
    if (!url.includes("/.well-known/")) asked.push(url)
    const metadata = { issuer: ISSUER, authorization_endpoint: `${ISSUER}/go`, token_endpoint: `${ISSUER}/token` }
    return url.includes("/.well-known/") ? Response.json(metadata) : answer()
  }
  const openBrowser = (url: string) => opened.resolve(url)
  const common = { issuer: ISSUER, clientId: "c", clientAuthentication: "none", fetch, openBrowser } as const
  const signingIn = signInWithBrowser({ ...common, ...options })
  const outcome = signingIn.catch((error: unknown) => error)
  const query = new URL(await Promise.race([opened.promise, signingIn.then(() => "")])).searchParams
  const redirectUri = query.get("redirect_uri") ?? ""
  const callback = (more: Record<string, string> = {}) => {
    const url = new URL(redirectUri)
    url.search = new URLSearchParams({ code: CODE, state: query.get("state") ?? "", ...more }).toString()
    return url
  }
  return { asked, outcome, redirectUri, callback }
}

async function isOpen(redirectUri: string): Promise<boolean> {
  return fetch(redirectUri).then(
    () => true,
    () => false,
  )
}

describe("the browser comes back", () => {
  it("with a code: the user is told so, gets the token, and nobody listens any more", async () => {
    const { outcome, redirectUri, callback } = await begun()
    expect(redirectUri).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback$/)
    const answer = await fetch(callback())
    expect([answer.status, answer.headers.get("cache-control"), answer.headers.get("referrer-policy")]).toEqual([
      200,
      "no-store",
      "no-referrer",
    ])
    expect(await answer.text()).toContain("You may close this window.")
    expect(await outcome).toMatchObject({ accessToken: "at", refreshToken: "rt" })
    expect(await isOpen(redirectUri)).toBe(false)
  })

  it("with a no: both are told, and what the issuer says is text, never HTML", async () => {
    const { outcome, callback } = await begun()
    const said = { error: "access_denied", error_description: `<script>alert("x")</script> & so` }
    const answer = await fetch(callback(said))
    const html = await answer.text()
    expect(answer.status).toBe(400)
    expect(html).toContain("access_denied: &lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; so")
    expect(html).not.toContain("<script")
    expect(await outcome).toMatchObject({ code: "ERR_TOKEN_RESPONSE", error: "access_denied" })
  })

  it("with a code that the issuer refuses: the page says so, and shows no secret", async () => {
    const refusal = () => Response.json({ error: "invalid_grant", error_description: CODE }, { status: 400 })
    const { outcome, callback } = await begun({}, refusal)
    const html = await (await fetch(callback())).text()
    expect(html).toContain("The issuer says: invalid_grant.")
    const error = await outcome
    expect(error).toMatchObject({ error: "invalid_grant" })
    expect(html + inspect(error, { showHidden: true, depth: 9 })).not.toContain("canary")
  })

  it("of another sign-in: it is sent away, and the right one is waited for", async () => {
    const { asked, outcome, callback } = await begun()
    for (const forged of [{ state: "forged" }, { state: "", error: "access_denied" }]) {
      expect((await fetch(callback(forged))).status).toBe(400)
    }
    expect(asked).toEqual([])
    expect((await fetch(callback())).status).toBe(200)
    expect(await outcome).toMatchObject({ accessToken: "at" })
  })

  it("twice at once: the code is spent once", async () => {
    const exchange = new Deferred<Response>()
    const { asked, outcome, callback } = await begun({}, () => exchange.promise)
    const answers = [fetch(callback()), fetch(callback())]
    expect((await Promise.race(answers)).status).toBe(400)
    exchange.resolve(granted())
    expect((await Promise.all(answers)).map(({ status }) => status).sort()).toEqual([200, 400])
    expect(asked).toHaveLength(1)
    expect(await outcome).toMatchObject({ accessToken: "at" })
  })

  it("and goes away before it is answered: the token is there all the same", async () => {
    const exchange = new Deferred<Response>()
    const reached = new Deferred<void>()
    const { outcome, callback } = await begun({}, () => {
      reached.resolve()
      return exchange.promise
    })
    const leaving = new AbortController()
    const visit = fetch(callback(), { signal: leaving.signal }).catch(() => undefined)
    await reached.promise
    leaving.abort()
    await visit
    exchange.resolve(granted())
    expect(await outcome).toMatchObject({ accessToken: "at" })
  })

  it.each([
    ["another path", { path: "/favicon.ico" }, 404],
    ["another host's name for this machine", { headers: { host: "evil.example.com" } }, 404],
    ["another method", { method: "POST" }, 405],
  ])("by %s: nothing is there", async (_, request, status) => {
    const { asked, outcome, callback } = await begun()
    const { hostname, port, pathname, search } = callback()
    const sent = httpRequest({ hostname, port, path: pathname + search, ...request }).end()
    const [response] = (await once(sent, "response")) as [{ statusCode: number; resume: () => void }]
    response.resume()
    expect([response.statusCode, asked]).toEqual([status, []])
    await fetch(callback())
    await outcome
  })
})

describe("nobody comes back", () => {
  it("in time: the port is given back", async () => {
    const clock = new VirtualClock()
    const { outcome, redirectUri } = await begun({ clock, signInTimeoutMs: 60_000 })
    await clock.advance(59_999)
    expect(await isOpen(redirectUri)).toBe(true)
    await clock.advance(1)
    expect(await outcome).toMatchObject({ code: "ERR_TOKEN_REQUEST_TIMEOUT", transient: true })
    expect(await isOpen(redirectUri)).toBe(false)
    expect(clock.pendingTimers).toBe(0)
  })

  it("before the caller's patience ends", async () => {
    const patience = new AbortController()
    const { outcome, redirectUri } = await begun({ signal: patience.signal })
    patience.abort("enough")
    expect(await outcome).toBe("enough")
    expect(await isOpen(redirectUri)).toBe(false)
    await expect(begun({ signal: patience.signal })).rejects.toBe("enough")
  })
})

describe("the browser is opened", () => {
  const launcher = () => new EventEmitter()

  it("by the package open, unless the program does it", async () => {
    const child = launcher()
    open.mockResolvedValue(child)
    const fetchNothing = () => Promise.reject(new Error("no issuer is there"))
    const common = { clientId: "c", clientAuthentication: "none", fetch: fetchNothing } as const
    const endpoints = { authorizationEndpoint: `${ISSUER}/go`, tokenEndpoint: `${ISSUER}/token` }
    const shown: string[] = []
    const patience = new AbortController()
    const signingIn = signInWithBrowser({
      ...common,
      ...endpoints,
      signal: patience.signal,
      onBrowserUnavailable: (url) => {
        shown.push(url)
        patience.abort("seen")
      },
    }).catch((error: unknown) => error)
    await vi.waitFor(() => expect(open).toHaveBeenCalledTimes(1))
    await vi.waitFor(() => expect(child.listenerCount("close")).toBe(1))
    child.emit("close", 3)
    expect(await signingIn).toBe("seen")
    expect(shown).toEqual(open.mock.calls[0])
  })

  it.each([
    [
      "throws",
      () => {
        throw new Error("canary")
      },
    ],
    ["rejects", () => Promise.reject(new Error("canary"))],
  ])(
    "what %s is a browser that cannot be opened: without anybody to tell, the sign-in fails",
    async (_, openBrowser) => {
      const common = { clientId: "c", clientAuthentication: "none", openBrowser } as const
      const endpoints = { authorizationEndpoint: `${ISSUER}/go`, tokenEndpoint: `${ISSUER}/token` }
      const error = await signInWithBrowser({ ...common, ...endpoints }).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: "ERR_TOKEN_REQUEST", transient: false })
      expect(inspect(error, { showHidden: true, depth: 9 })).not.toContain("canary")
    },
  )

  it("a launcher that ends well has done its part: the browser is waited for", async () => {
    const child = launcher()
    open.mockResolvedValue(child)
    const patience = new AbortController()
    const onBrowserUnavailable = vi.fn()
    const common = { clientId: "c", clientAuthentication: "none", onBrowserUnavailable } as const
    const endpoints = { authorizationEndpoint: `${ISSUER}/go`, tokenEndpoint: `${ISSUER}/token` }
    const signingIn = signInWithBrowser({ ...common, ...endpoints, signal: patience.signal })
    const outcome = signingIn.catch((error: unknown) => error)
    await vi.waitFor(() => expect(child.listenerCount("close")).toBe(1))
    child.emit("close", 0)
    const query = new URL(String(open.mock.calls[0]?.[0])).searchParams
    expect(await isOpen(query.get("redirect_uri") ?? "")).toBe(true)
    patience.abort("enough")
    expect([await outcome, onBrowserUnavailable.mock.calls]).toEqual(["enough", []])
  })

  it("what onBrowserUnavailable throws ends the sign-in", async () => {
    open.mockRejectedValue(new Error("no browser here"))
    const common = { clientId: "c", clientAuthentication: "none" } as const
    const endpoints = { authorizationEndpoint: `${ISSUER}/go`, tokenEndpoint: `${ISSUER}/token` }
    const onBrowserUnavailable = () => {
      throw new Error("nobody can see it")
    }
    await expect(signInWithBrowser({ ...common, ...endpoints, onBrowserUnavailable })).rejects.toThrow("nobody can see")
  })
})

it("a port that is taken is told, and nothing is left running", async () => {
  const taken = createServer().listen(0, "127.0.0.1")
  await once(taken, "listening")
  const address = taken.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  const clock = new VirtualClock()
  const redirectUri = `http://127.0.0.1:${port}/callback`
  const options = { issuer: ISSUER, clientId: "c", clientAuthentication: "none", clock, redirectUri } as const
  const error = await signInWithBrowser(options).catch((thrown: unknown) => thrown)
  expect(String(error)).toContain(`127.0.0.1:${port}: EADDRINUSE`)
  expect(clock.pendingTimers).toBe(0)
  taken.close()
})

it.each<[string, Partial<BrowserSignInOptions>]>([
  ["redirectUri", { redirectUri: "https://127.0.0.1/callback" }],
  ["redirectUri", { redirectUri: "http://192.168.0.1/callback" }],
  ["redirectUri", { redirectUri: "http://127.0.0.1/callback?x=1" }],
  ["signInTimeoutMs", { signInTimeoutMs: 0 }],
  ["authorizationEndpoint", { issuer: undefined, tokenEndpoint: `${ISSUER}/token` }],
])("a mistake in %s is a TypeError that names it", async (name, options) => {
  const signingIn = signInWithBrowser({ issuer: ISSUER, clientId: "c", clientAuthentication: "none", ...options })
  await expect(signingIn).rejects.toThrow(TypeError)
  await expect(signingIn).rejects.toThrow(name)
})
