import { inspect } from "node:util"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { CachedTokenSource } from "../../cached-token-source.js"
import { TokenError } from "../../errors.js"
import { MemoryTokenCache } from "../../memory-token-cache.js"
import { tokenSourceFrom } from "../../token-source-from.js"
import { VirtualClock } from "../../testing/virtual-clock.js"
import type { McpClient, McpTokens } from "./mcp-client.js"
import { McpOAuthProvider } from "./mcp-oauth-provider.js"

const SITE = "https://mcp.example.com/mcp"
const CLIENT: McpClient = { client_id: "agent", issuer: "https://id.example.com" }
const SIGNED_IN: McpTokens = {
  access_token: "first",
  token_type: "bearer",
  expires_in: 3600,
  refresh_token: "refresh-secret",
}
const UNAVAILABLE = new TokenError("ERR_TOKEN_REQUEST", "refused", { transient: true })

let clock: VirtualClock
let kept: McpClient | undefined
let renewals: number
let failure: Error | undefined
let sent: { readonly url: string; readonly authorization: string | null }[]
let accepted: Set<string>
const providers: McpOAuthProvider<object>[] = []

beforeEach(() => {
  clock = new VirtualClock()
  kept = CLIENT
  renewals = 0
  failure = undefined
  sent = []
  accepted = new Set()
})

afterEach(() => Promise.all(providers.splice(0).map((provider) => provider.close())))

const clients = {
  read: async () => kept,
  write: async (client: McpClient | undefined) => void (kept = client),
}

function cachedSource({ client_id: name }: McpClient): CachedTokenSource {
  const renew = tokenSourceFrom(
    ({ previous }) => {
      if (failure !== undefined) throw failure
      if (previous?.refreshToken === undefined) {
        throw new TokenError("ERR_REAUTHENTICATION_REQUIRED", "nobody is signed in", { transient: false })
      }
      renewals += 1
      return { accessToken: `renewed-${renewals}`, refreshToken: "next", expiresInSeconds: 3600 }
    },
    { name, clock },
  )
  return new CachedTokenSource(renew, { caches: [new MemoryTokenCache()], clock, minimumIntervalMs: 0 })
}

async function send(input: string | URL, init?: RequestInit): Promise<Response> {
  const authorization = new Headers(init?.headers).get("authorization")
  sent.push({ url: String(input), authorization })
  return new Response("", { status: accepted.has(authorization ?? "") ? 200 : 401 })
}

function newProvider(options: { tokenSource?: typeof cachedSource; fetch?: typeof send } = {}) {
  const provider = new McpOAuthProvider({
    clientMetadata: { redirect_uris: ["http://127.0.0.1/callback"] },
    redirectUrl: "http://127.0.0.1/callback",
    clients,
    tokenSource: cachedSource,
    redirectToAuthorization: () => {},
    fetch: send,
    clock,
    ...options,
  })
  providers.push(provider)
  return provider
}

async function signedIn(options?: Parameters<typeof newProvider>[0]) {
  const provider = newProvider(options)
  await provider.saveTokens(SIGNED_IN)
  return provider
}

const bearer = (token: string): RequestInit => ({ method: "POST", headers: { authorization: `Bearer ${token}` } })

describe("the tokens", () => {
  it("are those of the sign-in, without what they are renewed with", async () => {
    const provider = await signedIn()
    expect(await provider.tokens()).toEqual({ access_token: "first", token_type: "Bearer" })
    expect(inspect(provider, { depth: 9, showHidden: true })).not.toMatch(/first|refresh-secret/)
  })

  it("are renewed by the source", async () => {
    const provider = await signedIn()
    await clock.advance(3_600_000)
    expect(await provider.tokens()).toMatchObject({ access_token: "renewed-1" })
  })

  it("are none before anyone has registered, or signed in", async () => {
    kept = undefined
    expect(await newProvider().tokens()).toBeUndefined()
    kept = CLIENT
    expect(await newProvider().tokens()).toBeUndefined()
  })

  it("that cannot be had now reject, so that no sign-in is begun", async () => {
    failure = UNAVAILABLE
    await expect(newProvider().tokens()).rejects.toMatchObject({ code: "ERR_TOKEN_REQUEST" })
  })

  it("last from before the code was exchanged", async () => {
    const provider = newProvider()
    provider.saveCodeVerifier("verifier")
    expect(provider.codeVerifier()).toBe("verifier")
    await clock.advance(3_000_000)
    await provider.saveTokens(SIGNED_IN)
    await clock.advance(600_000)
    expect(await provider.tokens()).toMatchObject({ access_token: "renewed-1" })
  })

  it("without a client are nobody's", async () => {
    kept = undefined
    await expect(newProvider().saveTokens(SIGNED_IN)).rejects.toThrow(TypeError)
  })

  it("of a sign-in bring back the registration they belong to, should another process have registered since", async () => {
    const provider = newProvider()
    await provider.saveClientInformation({ client_id: "mine" })
    kept = { client_id: "other" }
    await provider.saveTokens(SIGNED_IN)
    expect(kept).toEqual({ client_id: "mine" })
  })

  it("of another registration take the place of those before", async () => {
    const provider = await signedIn()
    kept = { client_id: "other" }
    expect(await provider.tokens()).toBeUndefined()
  })
})

describe("a request", () => {
  it("whose token is rejected is sent once more with a newer one", async () => {
    const provider = await signedIn()
    await provider.tokens()
    accepted.add("Bearer renewed-1")

    const response = await provider.fetch(SITE, bearer("first"))

    expect(response.status).toBe(200)
    expect(sent.map(({ authorization }) => authorization)).toEqual(["Bearer first", "Bearer renewed-1"])
  })

  it("is sent twice at most", async () => {
    const provider = await signedIn()
    await provider.tokens()
    expect((await provider.fetch(new URL(SITE), bearer("first"))).status).toBe(401)
    expect(sent).toHaveLength(2)
  })

  it("rejected while the issuer is down rejects with what the source failed with", async () => {
    const provider = await signedIn()
    await provider.tokens()
    failure = UNAVAILABLE
    await expect(provider.fetch(SITE, bearer("first"))).rejects.toMatchObject({ code: "ERR_TOKEN_REQUEST" })
  })

  it("gets the 401 itself if only a sign-in helps", async () => {
    const provider = await signedIn()
    await provider.tokens()
    failure = new TokenError("ERR_REAUTHENTICATION_REQUIRED", "revoked", { transient: false })
    expect((await provider.fetch(SITE, bearer("first"))).status).toBe(401)
    expect(sent).toHaveLength(1)
  })

  it.each([
    ["without a token", {}],
    ["with a token of the caller's own", bearer("own")],
    ["with the client's credentials", { headers: { authorization: "Basic abc" } }],
    ["with a body that can be read once", { ...bearer("first"), body: new ReadableStream() }],
  ])("%s is not sent again", async (_what, init) => {
    const provider = await signedIn()
    await provider.tokens()
    expect((await provider.fetch(SITE, init)).status).toBe(401)
    expect(sent).toHaveLength(1)
    expect(renewals).toBe(0)
  })

  it("answered by another origin, along a redirect, says nothing of the token", async () => {
    const elsewhere = async () => Object.defineProperty(await send("x"), "url", { value: "https://other.test/" })
    const provider = await signedIn({ fetch: elsewhere })
    await provider.tokens()
    await provider.fetch(SITE, bearer("first"))
    expect(renewals).toBe(0)
  })

  it("sent with a token long gone is left alone", async () => {
    const provider = await signedIn()
    await provider.tokens()
    for (let renewal = 1; renewal <= 16; renewal++) {
      await clock.advance(3_600_000)
      await provider.tokens()
    }
    await provider.fetch(SITE, bearer("first"))
    expect(sent).toHaveLength(1)
    await provider.fetch(SITE, bearer("renewed-1"))
    expect(sent).toHaveLength(3)
  })
})

describe("a sign-in", () => {
  it("goes on with its own registration, whatever another process registers", async () => {
    const provider = newProvider()
    await provider.redirectToAuthorization(new URL("https://id.example.com/authorize"))
    kept = { client_id: "other" }
    expect(await provider.clientInformation()).toEqual(CLIENT)
  })

  it("takes the code of its own answer only", () => {
    const provider = newProvider()
    const redirected = (query: string) => new URL(`http://127.0.0.1/callback?${query}`)
    expect(() => provider.codeOf(redirected("code=c&state="))).toThrow("the state differs")
    const state = provider.state()
    expect(provider.codeOf(redirected(`code=c&state=${state}`))).toBe("c")
    expect(() => provider.codeOf(redirected("code=c&state=other"))).toThrow("the state differs")
    expect(() => provider.codeOf(redirected(`error=access_denied&state=${state}`))).toThrow("refused")
  })

  it("that was not begun here has no verifier", async () => {
    const provider = newProvider()
    expect(() => provider.codeVerifier()).toThrow(TypeError)
    provider.saveCodeVerifier("verifier")
    await provider.invalidateCredentials("verifier")
    expect(() => provider.codeVerifier()).toThrow(TypeError)
  })
})

describe("what the SDK invalidates", () => {
  it("costs nobody the token", async () => {
    const provider = await signedIn()
    await provider.invalidateCredentials("tokens")
    await provider.invalidateCredentials("discovery")
    expect(await provider.tokens()).toMatchObject({ access_token: "first" })
  })

  it("is the registration that was refused, not one that another process has made since", async () => {
    const provider = newProvider()
    await provider.saveClientInformation({ client_id: "mine" })
    kept = { client_id: "other" }
    await provider.invalidateCredentials("client")
    expect(await provider.clientInformation()).toEqual({ client_id: "other" })
    await provider.invalidateCredentials("all")
    expect(await provider.clientInformation()).toBeUndefined()
  })
})

describe("the options", () => {
  it.each([
    [{ tokenSource: undefined }, "tokenSource must be a function"],
    [{ redirectToAuthorization: 1 }, "redirectToAuthorization must be a function"],
    [{ redirectUrl: "callback" }, "redirectUrl must be a URL"],
    [{ clients: {} }, "clients must be a store"],
    [{ clock: 1 }, "clock"],
    [{ clientId: "agent" }, "clientId is not an option"],
  ])("%o: %s", (wrong, message) => {
    // @ts-expect-error: as plain JavaScript may call it
    expect(() => newProvider(wrong)).toThrow(message)
  })

  it("make a CachedTokenSource, or the first use says so", async () => {
    // @ts-expect-error: as plain JavaScript may do it
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- that is what is tested
    await expect(newProvider({ tokenSource: () => ({}) }).tokens()).rejects.toThrow("must return a CachedTokenSource")
  })

  it("without a fetch the global one sends", async () => {
    const provider = newProvider({ fetch: undefined as never })
    await expect(provider.fetch("http://127.0.0.1:1/")).rejects.toThrow()
    await provider[Symbol.asyncDispose]()
  })
})
