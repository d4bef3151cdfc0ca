import { CachedTokenSource, TokenError, TokenWatcher, type Token } from "evertoken"
import { FileTokenCache } from "evertoken/file"
import {
  AuthorizationCodeFlow,
  deserializePendingAuthorization,
  RefreshTokenSource,
  serializePendingAuthorization,
  type AuthorizationCodeOptions,
} from "evertoken/oauth2"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, it } from "vitest"
import { WEB_REDIRECT_URI } from "../issuer/issuer-clients.js"
import { RealIssuer } from "../issuer/real-issuer.js"
import { ScriptedUser } from "../issuer/scripted-user.js"

let issuer: RealIssuer
let directory: string
beforeEach(async () => {
  issuer = await RealIssuer.start({ lifetimeSeconds: 600 })
  directory = mkdtempSync(join(tmpdir(), "evertoken-sign-in-"))
})
afterEach(async () => {
  await issuer.close()
  rmSync(directory, { recursive: true })
})

const REDIRECT_URI = "http://127.0.0.1:9/callback"
const SCOPE = "openid offline_access api:read"
// OpenID Connect Core, section 11: offline access is for whom the user agrees to it
const parameters = { prompt: "consent" }

function app(options: Partial<AuthorizationCodeOptions> = {}) {
  const { clientId } = issuer.clients.app
  return new AuthorizationCodeFlow({
    issuer: issuer.url,
    clientId,
    clientAuthentication: "none",
    scope: SCOPE,
    ...options,
  })
}

async function signIn(flow: AuthorizationCodeFlow, redirectUri = REDIRECT_URI): Promise<Token> {
  const pending = await flow.begin({ redirectUri, parameters })
  return flow.complete((await new ScriptedUser().visit(pending.url)) ?? "nowhere", pending)
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => "it did not fail",
    (error: unknown) => error,
  )
}

it("signs a user in: a token with refresh token and ID token, whose nonce is this sign-in's", async () => {
  const token = await signIn(app())
  expect(token).toMatchObject({ tokenType: "Bearer", scope: SCOPE })
  expect([token.refreshToken, token.idToken]).toEqual([expect.any(String), expect.any(String)])
  expect(await issuer.accepts(token.accessToken)).toBe(true)
  expect(issuer.tokenRequests).toMatchObject([{ grantType: "authorization_code", scope: undefined }])
})

it("signs a user in by a pushed request, where the issuer requires it of the client: the browser carries a reference", async () => {
  const flow = app({
    ...issuer.clients.web,
    clientAuthentication: "client_secret_basic",
    pushedAuthorizationRequest: true,
  })
  const pending = await flow.begin({ redirectUri: WEB_REDIRECT_URI, parameters })
  expect([...new URL(pending.url).searchParams.keys()]).toEqual(["client_id", "request_uri"])
  const callback = await new ScriptedUser().visit(pending.url)
  expect(callback?.searchParams.get("from")).toBe("issuer")
  const stored: unknown = JSON.parse(JSON.stringify(serializePendingAuthorization(pending)))
  const token = await flow.complete(`${callback?.pathname}${callback?.search}`, deserializePendingAuthorization(stored))
  expect(token.refreshToken).toBeDefined()
})

it("asks for a resource, at both endpoints", async () => {
  const resource = "https://api.example.com/"
  const flow = app({ resource, scope: "openid api:read" })
  const pending = await flow.begin({ redirectUri: REDIRECT_URI })
  expect(new URL(pending.url).searchParams.getAll("resource")).toEqual([resource])
  const token = await flow.complete((await new ScriptedUser().visit(pending.url)) ?? "nowhere", pending)
  expect(issuer.tokenRequests).toMatchObject([{ grantType: "authorization_code", resource }])
  expect(await issuer.accepts(token.accessToken)).toBe(true)
})

it("a user who says no is told by name", async () => {
  const flow = app()
  const pending = await flow.begin({ redirectUri: REDIRECT_URI, parameters })
  const callback = (await new ScriptedUser({ answer: "cancels" }).visit(pending.url)) ?? "nowhere"
  const error = await failureOf(flow.complete(callback, pending))
  expect(error).toMatchObject({ code: "ERR_TOKEN_RESPONSE", error: "access_denied", transient: false })
})

it("a code that is used again is refused, and what it gave is revoked", async () => {
  const flow = app()
  const pending = await flow.begin({ redirectUri: REDIRECT_URI, parameters })
  const callback = (await new ScriptedUser().visit(pending.url)) ?? "nowhere"
  const token = await flow.complete(callback, pending)
  expect(await failureOf(flow.complete(callback, pending))).toMatchObject({ error: "invalid_grant", transient: false })
  expect(await issuer.accepts(token.accessToken)).toBe(false)
})

it("a code that was stolen is worthless to another sign-in: the verifier is not its own", async () => {
  const flow = app()
  const [victim, thief] = await Promise.all([1, 2].map(() => flow.begin({ redirectUri: REDIRECT_URI, parameters })))
  if (!victim || !thief) throw new Error("there are two")
  const callback = await new ScriptedUser().visit(victim.url)
  callback?.searchParams.set("state", thief.state)
  expect(await failureOf(flow.complete(callback ?? "nowhere", thief))).toMatchObject({ error: "invalid_grant" })
  expect(issuer.requests.issued).toBe(0)
})

it("an answer of another issuer is refused before anything is sent to this one", async () => {
  const flow = app()
  const pending = await flow.begin({ redirectUri: REDIRECT_URI, parameters })
  const callback = await new ScriptedUser().visit(pending.url)
  expect(callback?.searchParams.get("iss")).toBe(issuer.url)
  const refused = { code: "ERR_TOKEN_RESPONSE_INVALID", transient: false }
  callback?.searchParams.set("iss", "https://evil.example.test")
  expect(await failureOf(flow.complete(callback ?? "nowhere", pending))).toMatchObject(refused)
  callback?.searchParams.delete("iss")
  expect(await failureOf(flow.complete(callback ?? "nowhere", pending))).toMatchObject(refused)
  expect(issuer.requests.total).toBe(0)
})

it("a sign-in is kept alive: rotated, shared by a file, taken over by a watcher that had given up", async () => {
  const open = () => {
    const { clientId } = issuer.clients.app
    const source = new RefreshTokenSource({ issuer: issuer.url, clientId, clientAuthentication: "none", scope: SCOPE })
    return new CachedTokenSource(source, { caches: [new FileTokenCache(join(directory, "token.json"))] })
  }
  const here = open()
  expect(await failureOf(here.getToken())).toMatchObject({ code: "ERR_REAUTHENTICATION_REQUIRED" })
  await using elsewhere = await TokenWatcher.start(open(), { lazy: true })
  expect(await failureOf(elsewhere.getToken())).toBeInstanceOf(TokenError)
  const taken = new Promise<Token>((resolve) => elsewhere.token$.subscribe(resolve))
  const signedIn = await signIn(app())
  await here.signIn(signedIn)
  expect((await taken).accessToken).toBe(signedIn.accessToken)
  for (let i = 0; i < 3; i++) await elsewhere.refresh()
  const latest = await here.getToken({ newerThan: signedIn })
  expect(latest.accessToken).toBe(elsewhere.current().accessToken)
  expect(issuer.presentations.map(({ use }) => use)).toEqual(["first", "first", "first"])
  expect(issuer.revokedFamilies).toBe(0)
  await here.close()
})
