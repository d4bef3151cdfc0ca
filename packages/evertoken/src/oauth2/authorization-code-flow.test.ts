import { createHash } from "node:crypto"
import { inspect } from "node:util"
import { describe, expect, it } from "vitest"
import { VirtualClock } from "../testing/virtual-clock.js"
import { AuthorizationCodeFlow } from "./authorization-code-flow.js"
import type { AuthorizationCodeOptions } from "./authorization-code-options.js"
import { DPoPKey } from "./dpop-key.js"
import type { PendingAuthorization } from "./pending-authorization.js"

const ISSUER = "https://id.example.com"
const REDIRECT_URI = "https://app.example.com/callback"
const CODE = "canary-code-92c1f0a7d3"
const metadata = {
  issuer: ISSUER,
  authorization_endpoint: `${ISSUER}/authorize?tenant=t`,
  token_endpoint: `${ISSUER}/token`,
  pushed_authorization_request_endpoint: `${ISSUER}/par`,
}
const granted = { access_token: "at", token_type: "Bearer", expires_in: 600, refresh_token: "rt" }

interface Scene {
  readonly options?: Partial<AuthorizationCodeOptions>
  readonly metadata?: object
  readonly answer?: (form: Record<string, string>) => Response
}

function scene({ options, metadata: more, answer = () => Response.json(granted) }: Scene = {}) {
  const sent: { readonly url: string; readonly form: Record<string, string> }[] = []
  const clock = new VirtualClock()
  const fetch = async (input: unknown, { body }: RequestInit = {}) => {
    const url = String(input)
    if (url.includes("/.well-known/")) return Response.json({ ...metadata, ...more })
    const form = Object.fromEntries(new URLSearchParams(typeof body === "string" ? body : ""))
    sent.push({ url, form })
    return answer(form)
  }
  const common = { issuer: ISSUER, clientId: "c", clientAuthentication: "none", fetch, clock } as const
  return { sent, clock, flow: new AuthorizationCodeFlow({ ...common, ...options }) }
}

const begin = (flow: AuthorizationCodeFlow) => flow.begin({ redirectUri: REDIRECT_URI })

function callbackOf({ state }: PendingAuthorization, more: Record<string, string> = {}): string {
  return `/callback?${new URLSearchParams({ code: CODE, state, ...more }).toString()}`
}

function forgeError(query: URLSearchParams): void {
  query.set("error", "access_denied")
  query.set("state", "canary-forged-state")
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => "it did not fail",
    (error: unknown) => error,
  )
}

function idToken(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url")
  return `${part({ alg: "RS256" })}.${part(claims)}.${Buffer.from("signature").toString("base64url")}`
}

describe("begin", () => {
  it("makes the URL to send the browser to, the endpoint's own query kept, with a challenge for its verifier", async () => {
    const { flow } = scene({
      options: { scope: "openid a", audience: "api", resource: ["https://a.test/", "https://b.test/"] },
    })
    const parameters = { prompt: "consent", login_hint: "alice&bob" }
    const pending = await flow.begin({ redirectUri: REDIRECT_URI, parameters })
    const { origin, pathname, searchParams } = new URL(pending.url)
    expect(origin + pathname).toBe(`${ISSUER}/authorize`)
    expect(searchParams.getAll("resource")).toEqual(["https://a.test/", "https://b.test/"])
    expect(Object.fromEntries(searchParams)).toEqual({
      tenant: "t",
      client_id: "c",
      response_type: "code",
      redirect_uri: REDIRECT_URI,
      scope: "openid a",
      audience: "api",
      resource: "https://b.test/",
      state: pending.state,
      nonce: pending.nonce,
      code_challenge: createHash("sha256").update(pending.codeVerifier).digest("base64url"),
      code_challenge_method: "S256",
      ...parameters,
    })
    expect(pending).toMatchObject({ issuer: ISSUER, redirectUri: REDIRECT_URI })
  })

  it("binds the code to the key that the token is to be bound to", async () => {
    const dpop = await DPoPKey.generate()
    const { flow } = scene({ options: { dpop } })
    expect(new URL((await begin(flow)).url).searchParams.get("dpop_jkt")).toBe(dpop.thumbprint)
  })

  it("no two have anything secret in common, and without openid there is no nonce", async () => {
    const { flow } = scene()
    const [one, two] = [await begin(flow), await begin(flow)]
    expect(new Set([one.state, two.state, one.codeVerifier, two.codeVerifier]).size).toBe(4)
    expect(one.nonce).toBeUndefined()
  })

  it("goes where it is configured, and discovers nothing", async () => {
    const endpoints = { authorizationEndpoint: "https://x.test/go", tokenEndpoint: "https://x.test/token" }
    const { flow, sent } = scene({ options: { issuer: undefined, ...endpoints } })
    const pending = await begin(flow)
    expect(pending.url).toContain("https://x.test/go?")
    // whose it is nobody can say
    const token = await flow.complete(callbackOf(pending, { iss: "https://whoever.test" }), pending)
    expect(token.accessToken).toBe("at")
    expect(sent.map(({ url }) => url)).toEqual(["https://x.test/token"])
  })

  it("an authorization endpoint that is not https is not gone to", async () => {
    const { flow } = scene({ metadata: { authorization_endpoint: "http://id.example.com/authorize" } })
    expect(await failureOf(begin(flow))).toMatchObject({ code: "ERR_TOKEN_RESPONSE_INVALID" })
  })

  it.each([
    ["asked for", { options: { pushedAuthorizationRequest: true } }],
    ["required by the metadata", { metadata: { require_pushed_authorization_requests: true } }],
  ])("pushes the request where that is %s, and leaves the browser nothing but the reference", async (_, how) => {
    const answer = () => Response.json({ request_uri: "urn:r:1", expires_in: 60 }, { status: 201 })
    const { flow, sent } = scene({ ...how, answer })
    const pending = await begin(flow)
    const query = Object.fromEntries(new URL(pending.url).searchParams)
    expect(query).toEqual({ tenant: "t", client_id: "c", request_uri: "urn:r:1" })
    expect(sent).toMatchObject([{ url: `${ISSUER}/par`, form: { state: pending.state, redirect_uri: REDIRECT_URI } }])
  })

  it.each([
    [
      Response.json({ error: "invalid_request" }, { status: 400 }),
      { code: "ERR_TOKEN_RESPONSE", error: "invalid_request" },
    ],
    [Response.json({ expires_in: 60 }, { status: 201 }), { code: "ERR_TOKEN_RESPONSE_INVALID" }],
  ])("a request that cannot be pushed is told", async (answer, expected) => {
    const { flow } = scene({ options: { pushedAuthorizationRequest: true }, answer: () => answer.clone() })
    const error = await failureOf(begin(flow))
    expect(error).toMatchObject(expected)
    expect(String(error)).toContain("pushed authorization request endpoint")
  })

  it.each([
    ["redirectUri", { redirectUri: "http://app.example.com/callback" }],
    ["redirectUri", { redirectUri: "https://app.example.com/callback#x" }],
    ["redirectUri", { redirectUri: "javascript:alert(1)" }],
    ["redirectUri", { redirectUri: "callback" }],
    ["state", { redirectUri: REDIRECT_URI, parameters: { state: "mine" } }],
    ["max_age", { redirectUri: REDIRECT_URI, parameters: { max_age: "0" } }],
    ["parameters.prompt", { redirectUri: REDIRECT_URI, parameters: { prompt: "" } }],
  ])("a mistake in %s is a TypeError that names it", async (name, request) => {
    await expect(scene().flow.begin(request)).rejects.toThrow(TypeError)
    await expect(scene().flow.begin(request)).rejects.toThrow(name)
  })

  it.each(["http://127.0.0.1:3000/callback", "http://localhost/callback", "com.example.app:/callback"])(
    "comes back to %s, too",
    async (redirectUri) => {
      const { url } = await scene().flow.begin({ redirectUri })
      expect(new URL(url).searchParams.get("redirect_uri")).toBe(redirectUri)
    },
  )
})

describe("complete", () => {
  it("exchanges the code, with verifier and redirect URI, without the scope that was asked for before", async () => {
    const { flow, sent } = scene({ options: { scope: "a", audience: "api", resource: "https://a.test/" } })
    const pending = await begin(flow)
    const token = await flow.complete(new URL(callbackOf(pending, { iss: ISSUER }), REDIRECT_URI), pending)
    expect(token).toMatchObject({ accessToken: "at", refreshToken: "rt" })
    const form = {
      grant_type: "authorization_code",
      code: CODE,
      redirect_uri: REDIRECT_URI,
      code_verifier: pending.codeVerifier,
      resource: "https://a.test/",
      client_id: "c",
    }
    expect(sent).toEqual([{ url: `${ISSUER}/token`, form }])
  })

  const supportsIss = { authorization_response_iss_parameter_supported: true }
  it.each<[string, object, (query: URLSearchParams) => void, string]>([
    ["another sign-in's state", {}, (query) => query.set("state", "canary-forged-state"), "state is that of another"],
    ["no state", {}, (query) => query.delete("state"), "no state"],
    ["two states", {}, (query) => query.append("state", "x"), "not valid"],
    ["two codes", {}, (query) => query.append("code", "canary-second"), "more than one code"],
    ["no code", {}, (query) => query.delete("code"), "no code"],
    ["another issuer's iss", {}, (query) => query.set("iss", "https://canary.test"), "another issuer"],
    ["no iss, though the issuer promises it", supportsIss, (query) => query.delete("iss"), "no iss"],
    ["an error of another sign-in", {}, (query) => forgeError(query), "state is that"],
    ["an access token beside it", {}, (query) => query.set("token", "canary-token"), "not valid"],
    ["a JARM response", {}, (query) => query.set("response", "canary-jwt"), "not valid"],
  ])("an answer with %s is refused: nothing is sent, and nothing of it shown", async (_, more, forge, message) => {
    const { flow, sent } = scene({ metadata: more })
    const pending = await begin(flow)
    const url = new URL(callbackOf(pending), REDIRECT_URI)
    forge(url.searchParams)
    const error = await failureOf(flow.complete(url, pending))
    expect(error).toMatchObject({ code: "ERR_TOKEN_RESPONSE_INVALID", transient: false, ambiguous: false })
    expect(String(error)).toContain(message)
    for (const secret of ["canary", pending.state, pending.codeVerifier]) {
      expect(inspect(error, { showHidden: true, depth: 9 })).not.toContain(secret)
    }
    expect(sent).toEqual([])
  })

  it.each([
    ["access_denied", false],
    ["temporarily_unavailable", true],
  ])("%s is told by name, without what it quotes of the sign-in", async (name, transient) => {
    const { flow } = scene()
    const pending = await begin(flow)
    const said = {
      error: name,
      error_description: "no,\u001b[2J thanks",
      error_uri: `https://x.test/?s=${pending.state}`,
    }
    const error = await failureOf(flow.complete(callbackOf(pending, said), pending))
    expect(error).toMatchObject({
      code: "ERR_TOKEN_RESPONSE",
      error: name,
      errorDescription: "no, [2J thanks",
      transient,
    })
    expect(error).not.toHaveProperty("errorUri")
    expect(inspect(error, { showHidden: true, depth: 9 })).not.toContain(CODE)
  })

  it("a refused code quoted by the issuer is not shown", async () => {
    const { flow } = scene({
      answer: ({ code, code_verifier }) =>
        Response.json({ error: "invalid_grant", error_description: `${code} ${code_verifier}` }, { status: 400 }),
    })
    const pending = await begin(flow)
    const error = await failureOf(flow.complete(callbackOf(pending), pending))
    expect(error).toMatchObject({ error: "invalid_grant", transient: false })
    expect(inspect(error, { showHidden: true, depth: 9 })).not.toMatch(new RegExp(`${CODE}|${pending.codeVerifier}`))
  })

  it.each([
    ["its nonce", (nonce: string) => idToken({ nonce }), undefined],
    ["another nonce", () => idToken({ nonce: "another" }), "ERR_TOKEN_RESPONSE_INVALID"],
    ["no nonce", () => idToken({}), "ERR_TOKEN_RESPONSE_INVALID"],
    ["no ID token at all", () => undefined, "ERR_TOKEN_RESPONSE_INVALID"],
  ])("with openid, an answer with %s", async (_, made, code) => {
    let nonce = ""
    const answer = () => {
      const seconds = Math.floor(clock.now() / 1000)
      const claims = { iss: ISSUER, aud: "c", sub: "alice", iat: seconds, exp: seconds + 60 }
      const token = made(nonce)
      const [head, body = "", signature] = token?.split(".") ?? []
      const all = { ...claims, ...(JSON.parse(Buffer.from(body, "base64url").toString() || "{}") as object) }
      const complete = [head, Buffer.from(JSON.stringify(all)).toString("base64url"), signature].join(".")
      return Response.json({ ...granted, ...(token !== undefined && { id_token: complete }) })
    }
    const { flow, clock } = scene({ options: { scope: "openid" }, answer })
    const pending = await begin(flow)
    nonce = pending.nonce ?? ""
    const outcome = await flow.complete(callbackOf(pending), pending).catch((error: unknown) => error)
    expect(outcome).toMatchObject(code === undefined ? { refreshToken: "rt" } : { code })
  })

  it("what was begun with another issuer is not completed with this one, whatever the browser brings", async () => {
    const { flow, sent } = scene()
    const { flow: other } = scene({
      options: { issuer: "https://evil.test" },
      metadata: { issuer: "https://evil.test" },
    })
    const pending = await begin(other)
    await expect(flow.complete(callbackOf(pending), pending)).rejects.toThrow("pending was begun with another issuer")
    expect(sent).toEqual([])
  })

  it("mistakes in its arguments are TypeErrors that name them", async () => {
    const { flow } = scene()
    const pending = await begin(flow)
    await expect(flow.complete("http://[", pending)).rejects.toThrow("callback must be")
    // @ts-expect-error -- as from JavaScript
    await expect(flow.complete(callbackOf(pending), "pending")).rejects.toThrow("pending must be")
  })

  it("ends with its signal", async () => {
    const { flow } = scene({ answer: () => new Response(new ReadableStream()) })
    const pending = await begin(flow)
    const patience = new AbortController()
    const completing = flow.complete(callbackOf(pending), pending, { signal: patience.signal })
    patience.abort(new Error("enough"))
    await expect(completing).rejects.toThrow("enough")
  })
})

it.each([
  ["authorizationEndpoint", { issuer: undefined, tokenEndpoint: "https://x.test/token" }],
  ["tokenEndpoint", { issuer: undefined, authorizationEndpoint: "https://x.test/go" }],
  ["pushedAuthorizationRequest", { pushedAuthorizationRequest: "yes" as unknown as boolean }],
  ["clientId", { clientId: "" }],
])("a mistake in %s is a TypeError when it is constructed", (name, options) => {
  expect(() => scene({ options })).toThrow(TypeError)
  expect(() => scene({ options })).toThrow(name)
})
