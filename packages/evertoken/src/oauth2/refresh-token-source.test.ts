import { once } from "node:events"
import { createServer, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { inspect } from "node:util"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { salvagedRefreshToken, TokenError } from "../errors.js"
import { onTokenEvent } from "../events.js"
import { VirtualClock } from "../testing/virtual-clock.js"
import { hashOf } from "../token-source.js"
import { Token } from "../token.js"
import { ClientCredentialsSource } from "./client-credentials-source.js"
import { RefreshTokenSource, type RefreshTokenOptions } from "./refresh-token-source.js"

let server: Server
let tokenEndpoint: string
let requests: URLSearchParams[]
let answer: (response: ServerResponse) => void
const clock = new VirtualClock()

beforeEach(async () => {
  requests = []
  server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      requests.push(new URLSearchParams(Buffer.concat(chunks).toString()))
      answer(response)
    })
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  tokenEndpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`
})

afterEach(() => {
  server.closeAllConnections()
  server.close()
})

const granted = { access_token: "at-1", token_type: "Bearer", expires_in: 3600, refresh_token: "rt-rotated-1" }

function grants(fields: object, { without = "", status = 200 } = {}) {
  const body = Object.fromEntries(Object.entries({ ...granted, ...fields }).filter(([name]) => name !== without))
  answer = (response) => response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))
}

function source(options: Partial<RefreshTokenOptions> = {}) {
  const common = { tokenEndpoint, clientId: "c", clientSecret: "the-client-secret", clock }
  return new RefreshTokenSource({ ...common, refreshToken: "rt-configured-0", ...options })
}

async function failureOf(promise: Promise<unknown>): Promise<TokenError> {
  const error: unknown = await promise.then(
    () => "it did not fail",
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof TokenError)) throw new Error("it did not fail with a TokenError", { cause: error })
  return error
}

describe("RefreshTokenSource", () => {
  it("gives the token of the answer, its times counted from before the request was sent", async () => {
    grants({ scope: "a b", refresh_token_expires_in: 86_400, id_token: "an.id.token" })
    const token = await source().getToken()
    expect(token).toBeInstanceOf(Token)
    const issuedAt = clock.now()
    expect({ ...token.toJSON() }).toMatchObject({
      tokenType: "Bearer",
      issuedAt,
      staleAt: issuedAt + 2_700_000,
      expiresAt: issuedAt + 3_600_000,
      refreshTokenExpiresAt: issuedAt + 86_400_000,
      scope: "a b",
    })
    expect([token.accessToken, token.refreshToken, token.idToken]).toEqual(["at-1", "rt-rotated-1", "an.id.token"])
  })

  it("presents the refresh token of the record, or else the configured one", async () => {
    grants({})
    const previous = new Token({ accessToken: "a", issuedAt: 0, staleAt: 1, expiresAt: 2, refreshToken: "rt-record" })
    await source().getToken()
    await source().getToken({ previous: previous.with({ refreshToken: undefined }) })
    await source().getToken({ previous })
    await source({ refreshToken: undefined }).getToken({ previous })
    const presented = requests.map((form) => [form.get("grant_type"), form.get("refresh_token")])
    const expected = ["rt-configured-0", "rt-configured-0", "rt-record", "rt-record"]
    expect(presented).toEqual(expected.map((refreshToken) => ["refresh_token", refreshToken]))
  })

  it("asks for scope, audience and every resource", async () => {
    grants({})
    await source({ scope: "a b", audience: "api", resource: ["https://a/", "https://b/"] }).getToken()
    const [form] = requests
    expect([form?.get("scope"), form?.get("audience"), form?.getAll("resource")]).toEqual([
      "a b",
      "api",
      ["https://a/", "https://b/"],
    ])
  })

  it("leaves out what the answer leaves out: the renewal carries it forward", async () => {
    grants({}, { without: "refresh_token" })
    const previous = new Token({
      accessToken: "at-0",
      issuedAt: 0,
      staleAt: 1,
      expiresAt: 2,
      refreshToken: "rt-record",
    })
    const token = await source().getToken({ previous })
    expect(token).toMatchObject({ refreshToken: undefined, idToken: undefined, scope: undefined })
  })

  it("keeps the configured refresh token if the issuer gives no other: it stays in force", async () => {
    grants({}, { without: "refresh_token" })
    expect((await source().getToken()).refreshToken).toBe("rt-configured-0")
  })

  it("without any refresh token sends nothing: a sign-in is needed", async () => {
    expect(await failureOf(source({ refreshToken: undefined }).getToken())).toMatchObject({
      code: "ERR_REAUTHENTICATION_REQUIRED",
      // a person at a command reads it, too, who knows nothing of caches and options
      message: expect.not.stringMatching(/cache|option/) as string,
      transient: false,
    })
    expect(requests).toEqual([])
  })

  it("says what it spends", () => {
    expect([source().singleUse, source({ rotation: "none" }).singleUse]).toEqual([true, false])
    expect(source().lineage).toBe(hashOf("rt-configured-0"))
    expect(source({ refreshToken: undefined }).lineage).toBeUndefined()
  })

  it("rejects with the reason of a signal, and sends nothing once it is aborted", async () => {
    const reason = new Error("enough")
    await expect(source().getToken({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(requests).toEqual([])
    const waiting = new AbortController()
    answer = () => waiting.abort(reason)
    await expect(source().getToken({ signal: waiting.signal })).rejects.toBe(reason)
  })

  const refusals = [
    ["GitHub", { error: "bad_refresh_token", error_description: "The refresh token passed is incorrect or expired." }],
    ["Slack", { ok: false, error: "invalid_refresh_token" }],
    ["an issuer that knows the RFC", { error: "invalid_grant", access_token: null, refresh_token: "" }],
  ] as const
  it.each(refusals)("takes a refusal of %s for invalid_grant, though its status says success", async (_, body) => {
    answer = (response) => response.end(JSON.stringify(body))
    const error = await failureOf(source().getToken())
    const named = { code: "ERR_TOKEN_RESPONSE", error: "invalid_grant", status: 200 }
    expect(error).toMatchObject({ ...named, transient: false, ambiguous: false })
    expect(error.message).toContain(`answered 200 ${body.error}`)
  })

  it.each([
    ["an access token", { error: "bad_refresh_token" }, "at-1"],
    ["an error that is empty", { error: "" }, "at-1"],
  ])("takes an answer with %s for what it is", async (_, fields, accessToken) => {
    grants(fields)
    expect((await source().getToken()).accessToken).toBe(accessToken)
  })

  it("salvages the refresh token of a refusal that has one: it is not lost, whatever the rest means", async () => {
    grants({ error: "invalid_grant" }, { without: "access_token" })
    const error = await failureOf(source().getToken())
    expect(error).toMatchObject({ code: "ERR_TOKEN_RESPONSE_INVALID", ambiguous: true })
    expect(salvagedRefreshToken(error)).toBe("rt-rotated-1")
  })

  it("passes on what the issuer refuses", async () => {
    const body = JSON.stringify({ error: "invalid_grant", error_description: "it is spent" })
    answer = (response) => response.writeHead(400).end(body)
    const expected = { error: "invalid_grant", errorDescription: "it is spent", status: 400, transient: false }
    expect(await failureOf(source().getToken())).toMatchObject(expected)
  })

  const basic = Buffer.from("c:the%2Dclient%2Dsecret").toString("base64")
  it.each([
    ["the refresh token", "rt-configured-0", {}],
    ["the secret behind the header", "the-client-secret", {}],
    ["the header", basic, {}],
    ["the secret in the form", "the-client-secret", { clientAuthentication: "client_secret_post" }],
  ] as const)("shows nothing of an answer that quotes %s", async (_, secret, options) => {
    const body = JSON.stringify({ error: "invalid_grant", error_description: `no: ${secret}` })
    answer = (response) => response.writeHead(400).end(body)
    const error = await failureOf(source(options).getToken())
    expect(error).toMatchObject({ error: "invalid_grant" })
    expect(inspect(error, { showHidden: true, depth: 9 })).not.toContain(secret)
  })

  it("shows nothing of an answer that quotes the client assertion", async () => {
    answer = (response) => {
      const error_description = `no: ${requests[0]?.get("client_assertion") ?? "none was sent"}`
      response.writeHead(400).end(JSON.stringify({ error: "invalid_client", error_description }))
    }
    const error = await failureOf(source({ clientAuthentication: "client_secret_jwt" }).getToken())
    expect(error.message).toBe(
      "the token endpoint answered 400 invalid_client: check the client's id, its secret, and how it authenticates",
    )
  })

  it("takes a www-authenticate header beside an OAuth error for what it is", async () => {
    answer = (response) => response.writeHead(401, { "www-authenticate": "Basic" }).end('{"error":"invalid_client"}')
    expect(await failureOf(source().getToken())).toMatchObject({ error: "invalid_client", status: 401 })
  })
})

describe("every form of expires_in costs exactly one request, and keeps the refresh token that came with it", () => {
  const usable: readonly (readonly [string, object, number, string | undefined])[] = [
    ["3600", { expires_in: 3600 }, 3_600_000, undefined],
    ['"3600"', { expires_in: "3600" }, 3_600_000, undefined],
    ["1e12", { expires_in: 1e12 }, 10 * 365 * 24 * 3_600_000, undefined],
    ["missing", { expires_in: undefined }, 300_000, "absent"],
    ["null", { expires_in: null }, 300_000, "not a number"],
    ["[]", { expires_in: [] }, 300_000, "not a number"],
    ['"abc"', { expires_in: "abc" }, 300_000, "not a number"],
  ]
  it.each(usable)("%s: a token", async (_, fields, lifetimeMs, assumed) => {
    const reasons: string[] = []
    const stop = onTokenEvent("lifetime-assumed", ({ reason }) => reasons.push(reason))
    grants(fields)
    const token = await source().getToken()
    stop()
    expect(token.expiresAt - token.issuedAt).toBe(lifetimeMs)
    expect(token.refreshToken).toBe("rt-rotated-1")
    expect(reasons).toEqual(assumed === undefined ? [] : [assumed])
    expect(requests).toHaveLength(1)
  })

  it.each([0, -1, "0"])("%j: an error that has it salvaged", async (expires_in) => {
    grants({ expires_in })
    const error = await failureOf(source().getToken())
    expect(error.code).toBe("ERR_TOKEN_LIFETIME")
    expect(salvagedRefreshToken(error)).toBe("rt-rotated-1")
    expect(requests).toHaveLength(1)
  })
})

describe("what issuers get wrong without harm is put right", () => {
  it.each([
    ["a scope array", { scope: ["a", "b"] }, { scope: "a b" }],
    ["scope null", { scope: null }, { scope: undefined }],
    ["an empty scope array", { scope: [] }, { scope: undefined }],
    ["a scope that is no ASCII", { scope: "a überall b" }, { scope: "a b" }],
    ["a scope array with what is no scope", { scope: ["a", 7, "\u0000", "b\u202e"] }, { scope: "a" }],
    ["no scope but what is none", { scope: "überall" }, { scope: undefined }],
    ["scopes between line ends", { scope: "a\nb\r\n" }, { scope: "a b" }],
    ["token_type in capitals", { token_type: "BEARER" }, { tokenType: "Bearer" }],
    ["token_type null", { token_type: null }, { tokenType: "Bearer" }],
    ["id_token null", { id_token: null }, { idToken: undefined }],
    ["refresh_token null", { refresh_token: null, refresh_expires_in: 5 }, { refreshTokenExpiresAt: undefined }],
    ["refresh_token empty", { refresh_token: "" }, { refreshToken: "rt-configured-0" }],
    ["refresh_expires_in 0, which is never", { refresh_expires_in: 0 }, { refreshTokenExpiresAt: undefined }],
    ["refresh_expires_in in a string", { refresh_expires_in: "60" }, { refreshTokenExpiresAt: clock.now() + 60_000 }],
    ["refresh_in", { refresh_in: 600 }, { staleAt: clock.now() + 600_000 }],
  ])("%s", async (_, fields, expected) => {
    grants(fields)
    expect(await source().getToken()).toMatchObject(expected)
  })

  it("token_type missing", async () => {
    grants({}, { without: "token_type" })
    expect((await source().getToken()).authorization).toBe("Bearer at-1")
  })

  it("status 201", async () => {
    grants({}, { status: 201 })
    expect((await source().getToken()).accessToken).toBe("at-1")
  })

  it("a content type that is not JSON's", async () => {
    answer = (response) => response.writeHead(200, { "content-type": "text/html" }).end(JSON.stringify(granted))
    expect((await source().getToken()).accessToken).toBe("at-1")
  })
})

describe("an answer that is unusable but for its refresh token has this salvaged", () => {
  it.each([
    ["access_token null", { access_token: null }],
    ["access_token empty", { access_token: "" }],
    ["access_token a number", { access_token: 7 }],
    ["access_token with a line end", { access_token: "a\r\nx-injected: 1" }],
    ["access_token with a blank", { access_token: "a b" }],
    ["token_type unknown", { token_type: "mac" }],
    ["token_type with a line end", { token_type: "bearer\r\nx" }],
    ["id_token with a line end", { id_token: "a\nb" }],
  ])("%s", async (_, fields) => {
    grants(fields)
    const error = await failureOf(source().getToken())
    expect(error).toMatchObject({ code: "ERR_TOKEN_RESPONSE_INVALID", transient: true, ambiguous: true })
    expect(salvagedRefreshToken(error)).toBe("rt-rotated-1")
    expect(inspect(error, { showHidden: true, depth: 9 })).not.toMatch(/rt-rotated-1|x-injected|mac/)
    expect(error.cause).toBeUndefined()
    expect(requests).toHaveLength(1)
  })

  it.each([
    ["no JSON", "<html>"],
    ["an array", "[]"],
    ["nothing", ""],
    ["half an object", JSON.stringify(granted).slice(0, -5)],
    ["a refresh token that cannot be kept", JSON.stringify({ ...granted, refresh_token: "rt\n" })],
  ])("but not of %s: whether it was spent nobody knows", async (_, body) => {
    answer = (response) => response.end(body)
    const error = await failureOf(source().getToken())
    expect(error).toMatchObject({ code: "ERR_TOKEN_RESPONSE_INVALID", transient: true, ambiguous: true })
    expect(salvagedRefreshToken(error)).toBeUndefined()
  })

  it("an answer above the limit is not read", async () => {
    grants({ padding: "x".repeat(2_000) })
    const error = await failureOf(source({ maximumResponseBytes: 1_000 }).getToken())
    expect(error).toMatchObject({ code: "ERR_TOKEN_RESPONSE_INVALID", ambiguous: true })
    expect(error.message).toContain("too large")
  })
})

describe("an ID token", () => {
  const ISSUER = "https://id.example.com"
  const seconds = clock.now() / 1000
  const claims = { iss: ISSUER, aud: "c", sub: "someone", iat: seconds, exp: seconds + 60 }
  const jwt = (changes: object, alg = "ES256") =>
    [{ alg }, { ...claims, ...changes }, "signature"]
      .map((part) => Buffer.from(typeof part === "string" ? part : JSON.stringify(part)).toString("base64url"))
      .join(".")

  it("is kept if it is of this issuer, for this client, and of this time", async () => {
    const id_token = jwt({})
    grants({ id_token })
    expect((await source({ issuer: ISSUER }).getToken()).idToken).toBe(id_token)
  })

  it.each([
    ["of another issuer", jwt({ iss: "https://evil.example.com" })],
    ["for another client", jwt({ aud: "other" })],
    ["expired", jwt({ exp: seconds - 600 })],
    ["unsigned", jwt({}, "none")],
    ["no JWT at all", "gibberish"],
  ])("%s is refused, and the refresh token beside it salvaged", async (_, id_token) => {
    grants({ id_token })
    const error = await failureOf(source({ issuer: ISSUER }).getToken())
    expect(error.code).toBe("ERR_TOKEN_RESPONSE_INVALID")
    expect(salvagedRefreshToken(error)).toBe("rt-rotated-1")
    expect(inspect(error, { showHidden: true, depth: 9 })).not.toContain(id_token)
  })
})

describe("ClientCredentialsSource", () => {
  const clientCredentials = () =>
    new ClientCredentialsSource({ tokenEndpoint, clientId: "c", clientSecret: "the-client-secret", clock, scope: "a" })

  it("asks once for each call, and drops refresh token and ID token (RFC 6749, section 4.4.3)", async () => {
    grants({ id_token: "gibberish" })
    const asked = clientCredentials()
    const token = await asked.getToken()
    await asked.getToken()
    expect([token.accessToken, token.refreshToken, token.idToken]).toEqual(["at-1", undefined, undefined])
    expect(requests.map((form) => [form.get("grant_type"), form.get("scope")])).toEqual(
      Array.from({ length: 2 }, () => ["client_credentials", "a"]),
    )
  })

  it("takes a refusal with the status of success for one, by the name that it has", async () => {
    answer = (response) => response.end(JSON.stringify({ error: "incorrect_client_credentials" }))
    const expected = { error: "incorrect_client_credentials", status: 200, transient: false, ambiguous: false }
    expect(await failureOf(clientCredentials().getToken())).toMatchObject(expected)
  })

  it("salvages nothing", async () => {
    grants({ expires_in: 0 })
    expect(salvagedRefreshToken(await failureOf(clientCredentials().getToken()))).toBeUndefined()
  })

  it("a refusal without an OAuth error is the client's", async () => {
    answer = (response) => response.writeHead(401).end()
    expect(await failureOf(clientCredentials().getToken())).toMatchObject({ error: "invalid_client", transient: false })
  })

  it("heeds the lifetime policy", async () => {
    grants({})
    const common = { tokenEndpoint, clientId: "c", clientSecret: "s", clock }
    const token = await new ClientCredentialsSource({ ...common, refreshLeadMs: 60_000 }).getToken()
    expect(token.expiresAt - token.staleAt).toBe(60_000)
    const assumed = { ...common, defaultLifetimeMs: 1_000, freshness: 0.5, minimumStaleMs: 0 }
    grants({}, { without: "expires_in" })
    const short = await new ClientCredentialsSource(assumed).getToken()
    expect([short.staleAt - short.issuedAt, short.expiresAt - short.issuedAt]).toEqual([500, 1_000])
  })
})
