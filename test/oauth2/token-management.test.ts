import { ClientCredentialsSource, RefreshTokenSource, TokenIntrospector, TokenRevoker } from "evertoken/oauth2"
import { afterEach, beforeEach, expect, it } from "vitest"
import { secretClients } from "../issuer/issuer-clients.js"
import { RealIssuer } from "../issuer/real-issuer.js"

let issuer: RealIssuer
let revoker: TokenRevoker
let introspector: TokenIntrospector
beforeEach(async () => {
  issuer = await RealIssuer.start({ lifetimeSeconds: 600 })
  const options = { issuer: issuer.url, ...secretClients.basic }
  revoker = new TokenRevoker(options)
  introspector = new TokenIntrospector(options)
})
afterEach(() => issuer.close())

/** A user's tokens at the client that may ask about them. */
async function signIn() {
  const { clientId } = secretClients.basic
  const refreshToken = await issuer.issueRefreshToken({ clientId, accountId: "alice" })
  const options = { issuer: issuer.url, ...secretClients.basic, refreshToken }
  const token = await new RefreshTokenSource(options).getToken()
  return { accessToken: token.accessToken, refreshToken: token.refreshToken ?? "none came", token }
}

it("the issuer tells what a token is good for, until it is revoked", async () => {
  const options = { issuer: issuer.url, ...secretClients.post, scope: "api:read" }
  const source = new ClientCredentialsSource({ ...options, clientAuthentication: "client_secret_post" })
  const { accessToken } = await source.getToken()
  const told = await introspector.introspect(accessToken, { hint: "access_token" })
  expect(told).toMatchObject({ active: true, scope: "api:read", clientId: secretClients.post.clientId })
  expect((told.expiresAt ?? 0) - (told.issuedAt ?? 0)).toBe(600_000)
  expect(told.claims).toMatchObject({ iss: issuer.url })
  await revoker.revoke(accessToken)
  expect(await introspector.introspect(accessToken)).toEqual({ active: false, claims: { active: false } })
  expect(await issuer.accepts(accessToken)).toBe(false)
})

it("with a refresh token what it gave ends, too", async () => {
  const { accessToken, refreshToken, token } = await signIn()
  expect(await introspector.introspect(accessToken)).toMatchObject({ active: true, subject: "alice" })
  await revoker.revoke(refreshToken, { hint: "refresh_token" })
  expect([await issuer.accepts(accessToken), issuer.revokedFamilies]).toEqual([false, 1])
  const renewing = new RefreshTokenSource({ issuer: issuer.url, ...secretClients.basic }).getToken({ previous: token })
  await expect(renewing).rejects.toMatchObject({ error: "invalid_grant" })
})

it("a wrong hint does no harm: the issuer looks further", async () => {
  const { accessToken, refreshToken } = await signIn()
  expect(await introspector.introspect(accessToken, { hint: "refresh_token" })).toMatchObject({ active: true })
  await revoker.revoke(refreshToken, { hint: "access_token" })
  expect(await introspector.introspect(refreshToken)).toMatchObject({ active: false })
})

it("what the issuer does not know is revoked already, and not active", async () => {
  await revoker.revoke("nothing-that-was-ever-issued")
  expect(await introspector.introspect("nothing-that-was-ever-issued")).toMatchObject({ active: false })
})

it.each(["client_secret_post", "client_secret_jwt"] as const)(
  "a client authenticates by %s as for tokens",
  async (by) => {
    const client = by === "client_secret_post" ? secretClients.post : secretClients.secretJwt
    const options = { issuer: issuer.url, ...client, clientAuthentication: by }
    const { accessToken } = await new ClientCredentialsSource(options).getToken()
    expect(await new TokenIntrospector(options).introspect(accessToken)).toMatchObject({ active: true })
    await new TokenRevoker(options).revoke(accessToken)
    expect(await issuer.accepts(accessToken)).toBe(false)
  },
)

it("a client that is refused is told so, and nothing is revoked", async () => {
  const { accessToken } = await signIn()
  const wrong = { issuer: issuer.url, clientId: secretClients.basic.clientId, clientSecret: "a wrong secret" }
  const expected = { code: "ERR_TOKEN_RESPONSE", error: "invalid_client", status: 401, transient: false }
  await expect(new TokenRevoker(wrong).revoke(accessToken)).rejects.toMatchObject(expected)
  await expect(new TokenIntrospector(wrong).introspect(accessToken)).rejects.toMatchObject(expected)
  expect(await issuer.accepts(accessToken)).toBe(true)
})
