import { CachedTokenSource, type Token } from "evertoken"
import {
  AuthorizationCodeFlow,
  ClientCredentialsSource,
  RefreshTokenSource,
  type ClientCredentialsOptions,
} from "evertoken/oauth2"
import { FileTokenCache } from "evertoken/file"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { SecondIssuer } from "../issuer/second-issuer.js"

let issuer: SecondIssuer
let options: ClientCredentialsOptions & { readonly tokenEndpoint: string }
beforeEach(async () => {
  issuer = await SecondIssuer.start()
  const { url, clientId, clientSecret } = issuer
  options = { tokenEndpoint: `${url}/token`, clientId, clientSecret, clientAuthentication: "client_secret_basic_raw" }
})
afterEach(() => issuer.close())

/** What a browser does with the URL of a sign-in, at an issuer that asks the user nothing. */
async function signIn(): Promise<Token> {
  const flow = new AuthorizationCodeFlow({ ...options, authorizationEndpoint: `${issuer.url}/authorize` })
  const pending = await flow.begin({ redirectUri: issuer.redirectUri })
  const answer = await fetch(pending.url, { redirect: "manual" })
  return await flow.complete(answer.headers.get("location") ?? "it went nowhere", pending)
}

describe("an issuer by other hands", () => {
  it.each(["client_secret_basic_raw", "client_secret_post"] as const)(
    "grants client credentials by %s",
    async (method) => {
      const token = await new ClientCredentialsSource({ ...options, clientAuthentication: method }).getToken()
      expect(token).toMatchObject({ tokenType: "Bearer", refreshToken: undefined })
      expect(Math.round((token.expiresAt - token.issuedAt) / 1000)).toBeGreaterThan(590)
      expect(await issuer.accepts(token.accessToken)).toBe(true)
    },
  )

  it("refuses a wrong secret by name", async () => {
    const source = new ClientCredentialsSource({ ...options, clientSecret: "a wrong secret" })
    await expect(source.getToken()).rejects.toMatchObject({ error: "invalid_client", transient: false })
  })

  it("signs a user in by an authorization code with PKCE", async () => {
    const token = await signIn()
    expect(await issuer.accepts(token.accessToken)).toBe(true)
    expect(token.refreshToken).toBeDefined()
  })

  it("rotates the refresh token of a sign-in, which a cache keeps alive; a spent one is refused", async () => {
    const { refreshToken } = await signIn()
    const directory = mkdtempSync(join(tmpdir(), "evertoken-second-"))
    try {
      const cache = new FileTokenCache(join(directory, "token.json"))
      const source = new CachedTokenSource(new RefreshTokenSource({ ...options, refreshToken }), { caches: [cache] })
      const tokens = [await source.getToken()]
      for (let i = 0; i < 3; i += 1) tokens.push(await source.getToken({ newerThan: tokens.at(-1) }))
      expect(new Set([refreshToken, ...tokens.map((token) => token.refreshToken)]).size).toBe(5)
      expect(await issuer.accepts(tokens.at(-1)?.accessToken ?? "")).toBe(true)
      await source.close({ timeoutMs: 1_000 })
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
    const spent = new RefreshTokenSource({ ...options, refreshToken })
    await expect(spent.getToken()).rejects.toMatchObject({ error: "invalid_grant", transient: false })
  })
})
