import { TokenError, type Token } from "evertoken"
import { ClientCredentialsSource, RefreshTokenSource, type ClientCredentialsOptions } from "evertoken/oauth2"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { secretClients } from "../issuer/issuer-clients.js"
import { RealIssuer } from "../issuer/real-issuer.js"

let issuer: RealIssuer
beforeEach(async () => {
  issuer = await RealIssuer.start({ lifetimeSeconds: 600 })
})
afterEach(() => issuer.close())

type Where = "issuer" | "tokenEndpoint"

function place(where: Where): Pick<ClientCredentialsOptions, Where> {
  return where === "issuer" ? { issuer: issuer.url } : { tokenEndpoint: issuer.tokenEndpoint }
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => "it did not fail",
    (error: unknown) => error,
  )
}

describe.each<Where>(["issuer", "tokenEndpoint"])("a real issuer, configured by its %s", (where) => {
  it.each([
    ["client_secret_basic", secretClients.basic, "basic"],
    ["client_secret_basic_raw", secretClients.post, "basic"],
    ["client_secret_post", secretClients.post, "form"],
    ["client_secret_jwt", secretClients.secretJwt, "assertion"],
  ] as const)("grants client credentials by %s, in one request each", async (method, client, authentication) => {
    const options = { ...place(where), ...client, clientAuthentication: method, scope: "api:read" }
    const token = await new ClientCredentialsSource(options).getToken()
    expect(token).toMatchObject({ tokenType: "Bearer", scope: "api:read", refreshToken: undefined })
    expect(token.expiresAt - token.issuedAt).toBe(600_000)
    expect(issuer.tokenRequests).toMatchObject([
      { clientId: client.clientId, authentication, grantType: "client_credentials" },
    ])
    expect(issuer.requests.issued).toBe(1)
  })

  it("grants client credentials by private_key_jwt, from a KeyObject, JWK or PEM", async () => {
    const { clientId, privateKey, keyId } = issuer.clients.privateKeyJwt
    const keys = [
      privateKey,
      { ...privateKey.export({ format: "jwk" }), kid: keyId },
      privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
    ]
    for (const key of keys) {
      const clientAuthentication = { method: "private_key_jwt", key, keyId } as const
      await new ClientCredentialsSource({ ...place(where), clientId, clientAuthentication }).getToken()
    }
    expect(issuer.requests).toMatchObject({ clientCredentials: 3, issued: 3 })
  })

  it("rotates a refresh token, with a checked ID token where the issuer is known", async () => {
    const { clientId } = issuer.clients.public
    const refreshToken = await issuer.issueRefreshToken()
    const source = new RefreshTokenSource({ ...place(where), clientId, clientAuthentication: "none", refreshToken })
    const tokens: Token[] = []
    for (let i = 0; i < 3; i += 1) tokens.push(await source.getToken({ previous: tokens.at(-1) }))
    expect(new Set([refreshToken, ...tokens.map((token) => token.refreshToken)]).size).toBe(4)
    expect(tokens.every((token) => token.idToken !== undefined)).toBe(true)
    expect(issuer.presentations.map(({ use }) => use)).toEqual(["first", "first", "first"])
    expect(issuer.revokedFamilies).toBe(0)
  })
})

it("a refresh token by a confidential client, for a resource and less scope", async () => {
  const { clientId, clientSecret } = secretClients.basic
  const resource = "https://api.example.com/"
  const refreshToken = await issuer.issueRefreshToken({ clientId, resource })
  const common = { issuer: issuer.url, clientId, clientSecret, refreshToken }
  const token = await new RefreshTokenSource({ ...common, resource, scope: "api:read" }).getToken()
  expect(token).toMatchObject({ scope: "api:read" })
  expect(issuer.tokenRequests).toMatchObject([
    { grantType: "refresh_token", resource, scope: "api:read", authentication: "basic" },
  ])
})

describe("what the issuer refuses comes out by its name, transient or not", () => {
  it("a wrong secret: invalid_client, for an operator to repair", async () => {
    const options = { issuer: issuer.url, clientId: secretClients.basic.clientId, clientSecret: "a wrong secret" }
    const error = await failureOf(new ClientCredentialsSource(options).getToken())
    expect(error).toBeInstanceOf(TokenError)
    expect(error).toMatchObject({
      code: "ERR_TOKEN_RESPONSE",
      error: "invalid_client",
      status: 401,
      transient: false,
      ambiguous: false,
    })
  })

  it("a spent refresh token: invalid_grant", async () => {
    const { clientId } = issuer.clients.public
    const refreshToken = await issuer.issueRefreshToken()
    const source = new RefreshTokenSource({ issuer: issuer.url, clientId, clientAuthentication: "none", refreshToken })
    await source.getToken()
    expect(await failureOf(source.getToken())).toMatchObject({ error: "invalid_grant", status: 400, transient: false })
    expect(issuer.presentations.map(({ use }) => use)).toEqual(["first", "reuse"])
  })

  it("a grant that the client may not have: invalid_request, as this issuer calls it", async () => {
    const { clientId } = issuer.clients.public
    const options = { issuer: issuer.url, clientId, clientAuthentication: "none" } as const
    const error = await failureOf(new ClientCredentialsSource(options).getToken())
    expect(error).toMatchObject({ error: "invalid_request", transient: false })
  })
})

describe("an outage comes out as what may have been processed", () => {
  it.each([
    ["nobody listens", "closed", { code: "ERR_TOKEN_REQUEST", ambiguous: false }],
    ["a 503", { status: 503 }, { code: "ERR_TOKEN_RESPONSE", ambiguous: true }],
    [
      "a 429",
      { status: 429, headers: { "retry-after": "2" } },
      { code: "ERR_TOKEN_RESPONSE", ambiguous: false, retryAfterMs: 2_000 },
    ],
    ["a reset", "reset", { code: "ERR_TOKEN_REQUEST", ambiguous: true }],
    ["an answer lost after the rotation", "lose", { code: "ERR_TOKEN_REQUEST", ambiguous: true }],
  ] as const)("%s", async (_, plan, expected) => {
    const refreshToken = await issuer.issueRefreshToken()
    const options = {
      tokenEndpoint: issuer.tokenEndpoint,
      clientId: issuer.clients.public.clientId,
      clientAuthentication: "none",
      refreshToken,
    } as const
    if (plan === "closed") await issuer.goDown()
    else issuer.respondWith(plan)
    expect(await failureOf(new RefreshTokenSource(options).getToken())).toMatchObject({ ...expected, transient: true })
    expect(issuer.requests.total).toBe(plan === "closed" ? 0 : 1)
  })
})
