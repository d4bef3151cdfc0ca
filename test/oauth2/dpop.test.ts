import { CachedTokenSource, MemoryTokenCache, type Token } from "evertoken"
import { createFetch } from "evertoken/http"
import { ClientCredentialsSource, DPoPKey, RefreshTokenSource, TokenIntrospector } from "evertoken/oauth2"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { secretClients } from "../issuer/issuer-clients.js"
import { RealIssuer } from "../issuer/real-issuer.js"
import { BoundApi } from "./bound-api.js"

let issuer: RealIssuer
let dpop: DPoPKey
beforeEach(async () => {
  issuer = await RealIssuer.start({ dpopNonces: true })
  dpop = await DPoPKey.generate()
})
afterEach(() => issuer.close())

describe("an issuer that demands nonces", () => {
  it("takes a refresh token that it has refused for want of a nonce: nothing was spent", async () => {
    const { clientId } = issuer.clients.public
    const refreshToken = await issuer.issueRefreshToken()
    const options = { issuer: issuer.url, clientId, clientAuthentication: "none", dpop } as const
    const source = new RefreshTokenSource({ ...options, refreshToken })
    const tokens: Token[] = []
    for (let i = 0; i < 3; i += 1) tokens.push(await source.getToken({ previous: tokens.at(-1) }))
    expect(tokens.map(({ tokenType }) => tokenType)).toEqual(["DPoP", "DPoP", "DPoP"])
    // twice the first time, then with the nonce at once
    expect(issuer.presentations.map(({ use }) => use)).toEqual(["first", "again", "first", "first"])
    expect(issuer.requests).toMatchObject({ total: 4, issued: 3 })
    expect(issuer.revokedFamilies).toBe(0)
  })

  it("gives nothing for a refresh token that is bound to another key, and does not spend it", async () => {
    const { clientId } = issuer.clients.public
    const refreshToken = await issuer.issueRefreshToken({ jkt: dpop.thumbprint })
    const options = { issuer: issuer.url, clientId, clientAuthentication: "none", refreshToken } as const
    const thief = new RefreshTokenSource({ ...options, dpop: await DPoPKey.generate() })
    await expect(thief.getToken()).rejects.toMatchObject({ error: "invalid_grant" })
    expect(await new RefreshTokenSource({ ...options, dpop }).getToken()).toMatchObject({ tokenType: "DPoP" })
  })

  it("counts one renewal for many callers", async () => {
    const credentials = new ClientCredentialsSource({ issuer: issuer.url, ...secretClients.basic, dpop })
    const source = new CachedTokenSource(credentials, { caches: [new MemoryTokenCache()] })
    const tokens = await Promise.all(Array.from({ length: 20 }, () => source.getToken()))
    expect(new Set(tokens.map(({ accessToken }) => accessToken)).size).toBe(1)
    expect(issuer.requests).toMatchObject({ total: 2, issued: 1 })
  })
})

describe("an API that verifies proofs", () => {
  let api: BoundApi
  beforeEach(async () => {
    api = await BoundApi.start(new TokenIntrospector({ issuer: issuer.url, ...secretClients.basic }))
  })
  afterEach(() => api.close())

  const sourceWith = (key: DPoPKey) =>
    new CachedTokenSource(new ClientCredentialsSource({ issuer: issuer.url, ...secretClients.basic, dpop: key }))

  it("lets each request in, by any method, with its own proof", async () => {
    const fetch = createFetch(sourceWith(dpop), { origins: [api.origin], dpop })
    for (const method of ["GET", "POST", "DELETE"]) {
      expect((await fetch(`${api.origin}/invoices?page=2`, { method })).status).toBe(200)
    }
    expect(api.verdicts).toEqual(["ok", "ok", "ok"])
  })

  it("is sent a request once more with the nonce it demands, and a later one with it at once", async () => {
    api.nonce = "first"
    const fetch = createFetch(sourceWith(dpop), { origins: [api.origin], dpop })
    const status = async () => (await fetch(`${api.origin}/`)).status
    expect([await status(), await status()]).toEqual([200, 200])
    api.nonce = "second"
    expect([await status(), await status()]).toEqual([200, 200])
    expect(api.verdicts).toEqual(["use_dpop_nonce", "ok", "ok", "use_dpop_nonce", "ok", "ok"])
    expect(issuer.requests.issued).toBe(1)
  })

  it("has no use for the token without the key it is bound to", async () => {
    const source = sourceWith(dpop)
    const fetch = createFetch(source, { origins: [api.origin], dpop: await DPoPKey.generate() })
    expect((await fetch(`${api.origin}/`)).status).toBe(401)
    const { accessToken } = await source.getToken()
    const asBearer = await globalThis.fetch(api.origin, { headers: { authorization: `Bearer ${accessToken}` } })
    expect(asBearer.status).toBe(401)
    expect(api.verdicts).toEqual(["invalid_dpop_proof", "invalid_token"])
  })
})
