import { generateKeyPairSync } from "node:crypto"
import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { jwtVerify } from "jose"
import { afterAll, describe, expect, it } from "vitest"
import { TokenError } from "../errors.js"
import { StaticTokenSource } from "../static-token-source.js"
import { VirtualClock } from "../testing/virtual-clock.js"
import type { TokenSource } from "../token-source.js"
import type { Assertion } from "./assertion.js"
import { DPoPKey } from "./dpop-key.js"
import { ExtensionGrantSource, type ExtensionGrantOptions } from "./extension-grant-source.js"
import { JwtBearerSource } from "./jwt-bearer-source.js"
import { TokenExchangeSource, type TokenExchangeOptions } from "./token-exchange-source.js"

const directory = mkdtempSync(join(tmpdir(), "evertoken-assertion-"))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
const path = (name: string) => join(directory, name)

const GRANTED = { access_token: "at", token_type: "Bearer", expires_in: 60, refresh_token: "rt", id_token: "it" }

/** An issuer that gives this answer to all, and the forms it was sent. */
function issuerAnswering(body: object = GRANTED, { status = 200, nonce }: { status?: number; nonce?: string } = {}) {
  const forms: URLSearchParams[] = []
  const fetch = async (_: unknown, { body: form }: RequestInit = {}): Promise<Response> => {
    forms.push(new URLSearchParams(typeof form === "string" ? form : ""))
    return Response.json(body, { status, headers: nonce === undefined ? {} : { "dpop-nonce": nonce } })
  }
  return { fetch, forms }
}

const client = {
  tokenEndpoint: "https://id.example.com/token",
  clientId: "app",
  clientAuthentication: "none",
} as const

const exchange = (options: Partial<TokenExchangeOptions>) =>
  new TokenExchangeSource({ ...client, subjectToken: "the subject", subjectTokenType: "jwt", ...options })

const getToken = () => Promise.reject(new Error("nobody asks"))

const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "it did not fail",
    (error: unknown) => error,
  )

describe("token exchange", () => {
  it("says all that RFC 8693 has names for, and types by their URI", async () => {
    const { fetch, forms } = issuerAnswering()
    await exchange({
      fetch,
      actorToken: async () => "the actor",
      actorTokenType: "urn:example:type",
      requestedTokenType: "access_token",
      audience: "api",
      resource: ["https://a.example.com/", "https://b.example.com/"],
      scope: "read",
      subject: "alice",
    }).getToken()
    expect(forms.map((form) => [...form].sort())).toEqual([
      [
        ["actor_token", "the actor"],
        ["actor_token_type", "urn:example:type"],
        ["audience", "api"],
        ["client_id", "app"],
        ["grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"],
        ["requested_token_type", "urn:ietf:params:oauth:token-type:access_token"],
        ["resource", "https://a.example.com/"],
        ["resource", "https://b.example.com/"],
        ["scope", "read"],
        ["subject_token", "the subject"],
        ["subject_token_type", "urn:ietf:params:oauth:token-type:jwt"],
      ],
    ])
  })

  it("gives no refresh token: nothing would ever use it, and its refusal would end the renewal", async () => {
    const token = await exchange({ fetch: issuerAnswering().fetch }).getToken()
    expect(token).toMatchObject({ accessToken: "at", refreshToken: undefined, idToken: undefined })
  })

  it.each([
    ["subjectToken", { subjectToken: undefined }],
    ["subjectToken", { subjectToken: "" }],
    ["subjectToken", { subjectToken: "from-a-file\n" }],
    ["subjectToken", { subjectToken: {} }],
    ["subjectToken", { subjectToken: 7 }],
    ["subjectToken.file", { subjectToken: { file: "" } }],
    ["subjectToken", { subjectToken: { getToken, singleUse: true } }],
    ["subjectTokenType", { subjectTokenType: undefined }],
    ["subjectTokenType", { subjectTokenType: "JWT" }],
    ["actorToken", { actorTokenType: "jwt" }],
    ["actorTokenType", { actorToken: "hunter2" }],
    ["requestedTokenType", { requestedTokenType: "any" }],
    ["subject", { subject: "" }],
    ["subject", { subjectToken: () => "hunter2" }],
    ["subject", { subjectToken: { getToken } }],
    ["subject", { actorToken: () => "hunter2", actorTokenType: "jwt" }],
    ["options", undefined],
  ])("a bad %s is a TypeError that names it", (name, options: unknown) => {
    const make = () => (options === undefined ? new TokenExchangeSource(null as never) : exchange(options as object))
    expect(make).toThrow(TypeError)
    expect(make).toThrow(new RegExp(`^${name} `))
    expect(make).not.toThrow(/hunter2|from-a-file/)
  })
})

describe("an assertion", () => {
  const sent = async (subjectToken: Assertion, times = 2) => {
    const { fetch, forms } = issuerAnswering()
    const source = exchange({ fetch, subjectToken, subject: "alice" })
    for (let i = 0; i < times; i += 1) await source.getToken()
    return forms.map((form) => form.get("subject_token"))
  }

  it("is read anew from its file for each request, through a symbolic link, without the line end", async () => {
    const { fetch, forms } = issuerAnswering()
    symlinkSync("token.1", path("token"))
    writeFileSync(path("token.1"), "first\n")
    const source = exchange({ fetch, subjectToken: { file: path("token") } })
    await source.getToken()
    rmSync(path("token"))
    symlinkSync("token.2", path("token"))
    writeFileSync(path("token.2"), "second")
    await source.getToken()
    expect(forms.map((form) => form.get("subject_token"))).toEqual(["first", "second"])
  })

  it("is got anew from its function, which is told the caller's patience", async () => {
    const { signal } = new AbortController()
    const asked: unknown[] = []
    const { fetch, forms } = issuerAnswering()
    const subjectToken: Assertion = (request) => `assertion ${asked.push(request.signal)}`
    const source = exchange({ fetch, subjectToken, subject: "alice" })
    await source.getToken({ signal })
    await source.getToken()
    expect(forms.map((form) => form.get("subject_token"))).toEqual(["assertion 1", "assertion 2"])
    expect(asked).toEqual([signal, undefined])
  })

  it("is the access token of a source", async () => {
    expect(await sent(new StaticTokenSource("of-a-source"))).toEqual(["of-a-source", "of-a-source"])
  })

  it("is another one where a request is repeated with a nonce: issuers remember those they have seen", async () => {
    const { fetch, forms } = issuerAnswering({ error: "use_dpop_nonce" }, { status: 400, nonce: "n" })
    let count = 0
    const dpop = await DPoPKey.generate()
    const source = exchange({ fetch, dpop, subjectToken: () => `assertion ${++count}`, subject: "alice" })
    await expect(source.getToken()).rejects.toMatchObject({ error: "use_dpop_nonce" })
    expect(forms.map((form) => form.get("subject_token"))).toEqual(["assertion 1", "assertion 2"])
  })

  it.each([
    ["is missing", () => path("missing"), /missing cannot be read: ENOENT;/],
    ["is empty", () => written("empty", "\n"), /empty is empty;/],
    [
      "holds more than a token",
      () => written("several", "hunter2 hunter2"),
      /several holds other text than one token;/,
    ],
    ["is a directory", () => directory, /is not a regular file;/],
    ["is huge", () => written("huge", "h".repeat(1_100_000)), /huge is far too large;/],
    ["is a named pipe", () => pipe("pipe"), /pipe is not a regular file;/],
  ])("whose file %s is a transient failure, and sends nothing", async (_, file, message) => {
    const { fetch, forms } = issuerAnswering()
    const error = await failureOf(exchange({ fetch, subjectToken: { file: file() } }).getToken())
    expect(error).toMatchObject({ code: "ERR_TOKEN_SOURCE", transient: true, ambiguous: false })
    expect(String(error)).toMatch(message)
    expect(String(error)).not.toContain("hunter2")
    expect(forms).toEqual([])
  })

  it.each([
    ["throws", () => Promise.reject(new RangeError("hunter2")), "the subjectToken could not be had: RangeError"],
    ["gives nothing", () => undefined, "the subjectToken is no text, is empty, or holds control characters"],
    [
      "gives what no form can hold",
      () => "hunter2\n",
      "the subjectToken is no text, is empty, or holds control characters",
    ],
  ])("whose function %s is a transient failure, and sends nothing", async (_, get, message) => {
    const { fetch, forms } = issuerAnswering()
    const source = exchange({ fetch, subjectToken: get as () => string, subject: "alice" })
    expect(await failureOf(source.getToken())).toMatchObject({ code: "ERR_TOKEN_SOURCE", transient: true, message })
    expect(forms).toEqual([])
  })

  it("that cannot be had from a source fails as that does", async () => {
    const error = new TokenError("ERR_REAUTHENTICATION_REQUIRED", "sign in", { transient: false })
    const subjectToken: TokenSource = { fingerprint: "f", getToken: () => Promise.reject(error) }
    expect(await failureOf(exchange({ subjectToken }).getToken())).toBe(error)
  })

  it("that never comes is waited for no longer than the caller likes", async () => {
    const patience = new AbortController()
    const source = exchange({ subjectToken: () => new Promise(() => undefined), subject: "alice" })
    const failing = failureOf(source.getToken({ signal: patience.signal }))
    patience.abort("enough")
    expect(await failing).toBe("enough")
  })

  it("does not show when the issuer quotes it", async () => {
    const body = { error: "invalid_grant", error_description: "hunter2-the-assertion is expired" }
    const source = exchange({
      fetch: issuerAnswering(body, { status: 400 }).fetch,
      subjectToken: "hunter2-the-assertion",
    })
    expect(String(await failureOf(source.getToken()))).not.toContain("hunter2")
  })
})

describe("tokens of somebody else are not served:", () => {
  const fingerprint = (options: Partial<TokenExchangeOptions>) => exchange(options).fingerprint

  it("each text, file and source is somebody's own; a subject that is given is what counts", () => {
    const file = { file: path("token") }
    const source = (name: string): TokenSource => ({ fingerprint: name, getToken: () => Promise.reject(new Error()) })
    const fingerprints = [
      fingerprint({ subjectToken: "a" }),
      fingerprint({ subjectToken: "b" }),
      fingerprint({ subjectToken: file }),
      fingerprint({ subjectToken: { file: path("other") } }),
      fingerprint({ subjectToken: source("a") }),
      fingerprint({ subjectToken: source("b") }),
      fingerprint({ subjectToken: file, actorToken: "a", actorTokenType: "jwt" }),
      fingerprint({ subjectToken: file, actorToken: "b", actorTokenType: "jwt" }),
      fingerprint({ subjectToken: file, requestedTokenType: "id_token" }),
      fingerprint({ subjectToken: file, subject: "a" }),
      fingerprint({ subjectToken: file, subject: "b" }),
    ]
    expect(new Set(fingerprints).size).toBe(fingerprints.length)
    expect(fingerprint({ subjectToken: () => "x", subject: "a" })).toBe(
      fingerprint({ subjectToken: file, subject: "a" }),
    )
  })

  it("what is read from a file may change, the fingerprint does not", async () => {
    const subjectToken = { file: written("changing", "first") }
    const source = exchange({ fetch: issuerAnswering().fetch, subjectToken })
    const before = source.fingerprint
    await source.getToken()
    writeFileSync(subjectToken.file, "second")
    expect([source.fingerprint, exchange({ subjectToken }).fingerprint]).toEqual([before, before])
  })
})

describe("JWT bearer", () => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
  const signed = { key: privateKey, keyId: "k1", issuer: "robot", subject: "alice" }

  it("sends the assertion it was given", async () => {
    const { fetch, forms } = issuerAnswering()
    const token = await new JwtBearerSource({ ...client, fetch, assertion: "a.b.c", scope: "read" }).getToken()
    expect(Object.fromEntries(forms[0] ?? [])).toEqual({
      grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
      assertion: "a.b.c",
      client_id: "app",
      scope: "read",
    })
    expect(token.refreshToken).toBeUndefined()
  })

  it("signs a new assertion for each request, good for a minute of the clock given", async () => {
    const clock = new VirtualClock()
    const { fetch, forms } = issuerAnswering()
    const claims = { scope: "read", sub: "mallory", exp: 9 }
    const source = new JwtBearerSource({ ...client, fetch, clock, assertion: { ...signed, claims } })
    await source.getToken()
    await source.getToken()
    const verified = await Promise.all(
      forms.map((form) =>
        jwtVerify(form.get("assertion") ?? "", publicKey, {
          issuer: "robot",
          subject: "alice",
          audience: client.tokenEndpoint,
          currentDate: new Date(clock.now()),
        }),
      ),
    )
    const now = Math.floor(clock.now() / 1000)
    expect(verified).toMatchObject([
      { protectedHeader: { alg: "ES256", kid: "k1" }, payload: { iat: now, exp: now + 60, scope: "read" } },
      { payload: { iat: now, exp: now + 60 } },
    ])
    expect(new Set(verified.map(({ payload }) => payload.jti)).size).toBe(2)
  })

  it.each([
    ["the issuer as it was written", { issuer: "https://id.example.com" }, {}, "https://id.example.com"],
    ["what is given", { issuer: "https://id.example.com" }, { audience: "them" }, "them"],
  ])("is for %s", async (_, options, own, audience) => {
    const { fetch, forms } = issuerAnswering({ ...GRANTED, id_token: undefined })
    await new JwtBearerSource({ ...client, ...options, fetch, assertion: { ...signed, ...own } }).getToken()
    const { payload } = await jwtVerify(forms[0]?.get("assertion") ?? "", publicKey)
    expect(payload.aud).toBe(audience)
  })

  it("a key that fails to sign sends nothing, and shows nothing", async () => {
    const key = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey
    const { fetch, forms } = issuerAnswering()
    const source = new JwtBearerSource({ ...client, fetch, assertion: { ...signed, key } })
    key.export = () => {
      throw new Error("hunter2")
    }
    const message = "nothing was sent to the issuer: the assertion could not be signed"
    expect(await failureOf(source.getToken())).toMatchObject({ code: "ERR_TOKEN_REQUEST", transient: false, message })
    expect(forms).toEqual([])
  })

  it("whose it is, issuer and subject of the assertion tell", () => {
    const of = (more: object) => new JwtBearerSource({ ...client, assertion: { ...signed, ...more } }).fingerprint
    const others = [of({ subject: "bob" }), of({ issuer: "other" })]
    expect(new Set([of({}), of({ keyId: "k2" }), ...others]).size).toBe(3)
  })

  it.each([
    ["assertion", undefined],
    ["assertion.key", { ...signed, key: "hunter2" }],
    ["assertion.algorithm", { ...signed, algorithm: "RS256" }],
    ["assertion.issuer", { ...signed, issuer: undefined }],
    ["assertion.subject", { ...signed, subject: "" }],
    ["assertion.audience", { ...signed, audience: 7 }],
    ["assertion.claims", { ...signed, claims: "hunter2" }],
    ["assertion.claims", { ...signed, claims: { no: () => "hunter2" } }],
    ["subject", () => "hunter2"],
  ])("a bad %s is a TypeError that names it", (name, assertion) => {
    const make = () => new JwtBearerSource({ ...client, assertion: assertion as never })
    expect(make).toThrow(TypeError)
    expect(make).toThrow(new RegExp(`^${name} `))
    expect(make).not.toThrow(/hunter2/)
  })
})

describe("any other grant", () => {
  const grant = (options: Partial<ExtensionGrantOptions>) =>
    new ExtensionGrantSource({ ...client, grantType: "urn:example:grant", subject: "alice", ...options })

  it("sends its parameters, always the same or asked for before each request", async () => {
    const { fetch, forms } = issuerAnswering()
    await grant({ fetch }).getToken()
    await grant({ fetch, parameters: { card: "7" }, scope: "read" }).getToken()
    let count = 0
    const asking = grant({ fetch, parameters: async () => ({ card: String(++count) }) })
    const token = await asking.getToken()
    await asking.getToken()
    const common = { grant_type: "urn:example:grant", client_id: "app" }
    expect(forms.map((form) => Object.fromEntries(form))).toEqual([
      common,
      { ...common, card: "7", scope: "read" },
      { ...common, card: "1" },
      { ...common, card: "2" },
    ])
    expect(token.refreshToken).toBeUndefined()
  })

  it("whose it is tells the subject, and the grant type", () => {
    const others = [grant({ subject: "bob" }), grant({ grantType: "password" })]
    const { fingerprint } = grant({})
    expect(new Set([fingerprint, ...others.map((source) => source.fingerprint)]).size).toBe(3)
    expect(grant({ parameters: { card: "7" } }).fingerprint).toBe(fingerprint)
  })

  it("does not show a parameter when the issuer quotes it", async () => {
    const body = { error: "invalid_grant", error_description: "the PIN 4711 is wrong" }
    const source = grant({ fetch: issuerAnswering(body, { status: 400 }).fetch, parameters: { pin: "4711" } })
    expect(String(await failureOf(source.getToken()))).not.toContain("4711")
  })

  it.each([
    ["throws", () => Promise.reject(new Error("hunter2")), "could not be had: Error", true],
    ["gives what no form can hold", () => ({ card: 7 }), "are no object of texts, without", false],
    ["gives nothing", () => undefined, "are no object of texts, without", false],
    ["gives what other options say", () => ({ scope: "all" }), "are no object of texts, without", false],
  ])("whose function %s fails, and sends nothing", async (_, parameters, message, transient) => {
    const { fetch, forms } = issuerAnswering()
    const source = grant({ fetch, parameters: parameters as () => Record<string, string> })
    const error = await failureOf(source.getToken())
    expect(error).toMatchObject({ code: "ERR_TOKEN_SOURCE", transient })
    expect(String(error)).toContain(`the parameters of the grant ${message}`)
    expect(String(error)).not.toContain("hunter2")
    expect(forms).toEqual([])
  })

  it("whose function fails with an error of ours fails with it", async () => {
    const error = new TokenError("ERR_TOKEN_CACHE", "broken", { transient: true })
    expect(await failureOf(grant({ parameters: () => Promise.reject(error) }).getToken())).toBe(error)
  })

  it.each([
    ["grantType", { grantType: "" }],
    ["subject", { subject: undefined }],
    ["parameters", { parameters: { client_id: "another" } }],
    ["parameters", { parameters: { card: 7 } }],
    ["parameters", { parameters: null }],
  ])("a bad %s is a TypeError that names it", (name, options) => {
    expect(() => grant(options as object)).toThrow(TypeError)
    expect(() => grant(options as object)).toThrow(new RegExp(`^${name} `))
  })
})

function written(name: string, text: string): string {
  writeFileSync(path(name), text)
  return path(name)
}

function pipe(name: string): string {
  execFileSync("mkfifo", [path(name)])
  return path(name)
}
