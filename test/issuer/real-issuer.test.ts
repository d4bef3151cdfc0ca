import { createHmac, sign, type KeyObject } from "node:crypto"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { RealIssuer, type RealIssuerOptions } from "./real-issuer.js"

let issuer: RealIssuer

async function restart(options: RealIssuerOptions) {
  await issuer.close()
  issuer = await RealIssuer.start(options)
}

beforeEach(async () => {
  issuer = await RealIssuer.start()
})
afterEach(() => issuer.close())

async function post(form: Record<string, string>, headers: Record<string, string> = {}) {
  const response = await fetch(issuer.tokenEndpoint, { method: "POST", body: new URLSearchParams(form), headers })
  const body = (await response.json().catch(() => ({}))) as Record<string, unknown>
  return { status: response.status, headers: response.headers, body }
}

function clientCredentials(more: Record<string, string> = {}) {
  const { clientId: client_id, clientSecret: client_secret } = issuer.clients.post
  return post({ grant_type: "client_credentials", client_id, client_secret, ...more })
}

function refresh(refreshToken: unknown) {
  const client_id = issuer.clients.public.clientId
  return post({ grant_type: "refresh_token", client_id, refresh_token: String(refreshToken) })
}

function assertion(clientId: string, header: object, signed: (text: string) => Buffer): Record<string, string> {
  const exp = Math.floor(Date.now() / 1000) + 60
  const claims = { iss: clientId, sub: clientId, aud: issuer.url, jti: String(Math.random()), iat: exp - 60, exp }
  const text = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".")
  return {
    grant_type: "client_credentials",
    client_id: clientId,
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: `${text}.${signed(text).toString("base64url")}`,
  }
}

function es256(key: KeyObject) {
  return (text: string) => sign("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" })
}

describe("client credentials", () => {
  it("are taken from each kind of client", async () => {
    const { basic, secretJwt, privateKeyJwt } = issuer.clients
    const encoded = [basic.clientId, basic.clientSecret].map((part) =>
      new URLSearchParams({ part }).toString().slice(5),
    )
    const authorization = `Basic ${Buffer.from(encoded.join(":")).toString("base64")}`
    const hs256 = (text: string) => createHmac("sha256", secretJwt.clientSecret).update(text).digest()
    const { clientId, privateKey, keyId } = privateKeyJwt
    const answers = [
      await clientCredentials(),
      await post({ grant_type: "client_credentials" }, { authorization }),
      await post(assertion(secretJwt.clientId, { alg: "HS256" }, hs256)),
      await post(assertion(clientId, { alg: "ES256", kid: keyId }, es256(privateKey))),
    ]
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(issuer.tokenRequests.map(({ authentication }) => authentication)).toEqual([
      "form",
      "basic",
      "assertion",
      "assertion",
    ])
    expect(issuer.tokenRequests[1]?.clientId).toBe(basic.clientId)
  })

  it("are refused with a wrong secret, and counted all the same", async () => {
    const answer = await clientCredentials({ client_secret: "wrong" })
    expect(answer).toMatchObject({ status: 401, body: { error: "invalid_client" } })
    expect(issuer.requests).toEqual({ total: 1, clientCredentials: 1, refreshToken: 0, issued: 0 })
  })

  it("give a token of the lifetime and the scope asked for", async () => {
    await restart({ lifetimeSeconds: 7 })
    expect((await clientCredentials({ scope: "api:read" })).body).toMatchObject({ expires_in: 7, scope: "api:read" })
    issuer.lifetimeSeconds = 2
    expect((await clientCredentials()).body).toMatchObject({ expires_in: 2 })
  })

  it("take a resource, or an audience in its place", async () => {
    const resource = "https://api.example.com/"
    expect((await clientCredentials({ resource, scope: "api:read" })).body).toMatchObject({ scope: "api:read" })
    expect((await clientCredentials({ audience: resource, scope: "api:read" })).status).toBe(200)
    expect((await clientCredentials({ resource: "no uri" })).body).toMatchObject({ error: "invalid_target" })
    expect((await clientCredentials({ audience: "no uri" })).body).toMatchObject({ error: "invalid_target" })
  })
})

describe("refresh tokens", () => {
  it("rotate: each use gives another one", async () => {
    const first = await issuer.issueRefreshToken()
    const second = (await refresh(first)).body["refresh_token"]
    const third = (await refresh(second)).body["refresh_token"]
    expect(new Set([first, second, third]).size).toBe(3)
    expect(issuer.presentations.map(({ use }) => use)).toEqual(["first", "first"])
    expect(issuer.requests).toEqual({ total: 2, clientCredentials: 0, refreshToken: 2, issued: 2 })
    expect(issuer.revokedFamilies).toBe(0)
  })

  it("revoke their whole family when one is used twice", async () => {
    const first = await issuer.issueRefreshToken()
    const second = (await refresh(first)).body["refresh_token"]
    expect((await refresh(first)).body).toMatchObject({ error: "invalid_grant" })
    expect((await refresh(second)).body).toMatchObject({ error: "invalid_grant" })
    expect(issuer.presentations.map(({ use }) => use)).toEqual(["first", "reuse", "first"])
    expect(issuer.revokedFamilies).toBe(1)
  })

  it("leave other families alone", async () => {
    const [one, other] = [await issuer.issueRefreshToken(), await issuer.issueRefreshToken()]
    await refresh(one)
    await refresh(one)
    expect((await refresh(other)).status).toBe(200)
  })

  it("count as used twice when two uses come at once", async () => {
    const first = await issuer.issueRefreshToken()
    issuer.slowDown(3_600_000)
    const pending = [refresh(first), refresh(first), refresh(first)]
    await vi.waitUntil(() => issuer.requests.total === 3)
    issuer.slowDown(0)
    const answers = await Promise.all(pending)
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400])
    expect(issuer.presentations.map(({ use }) => use)).toEqual(["first", "reuse", "reuse"])
    expect(issuer.revokedFamilies).toBe(1)
  })

  it("are taken twice within the leeway", async () => {
    await restart({ reuseLeewayMs: 60_000 })
    const first = await issuer.issueRefreshToken()
    expect([(await refresh(first)).status, (await refresh(first)).status]).toEqual([200, 200])
    expect(issuer.presentations.map(({ use }) => use)).toEqual(["first", "reuse"])
    expect(issuer.revokedFamilies).toBe(0)
  })

  it("stay the same without rotation", async () => {
    await restart({ rotation: false })
    const first = await issuer.issueRefreshToken()
    expect((await refresh(first)).body["refresh_token"]).toBe(first)
    expect((await refresh(first)).status).toBe(200)
    expect(issuer.presentations.map(({ use }) => use)).toEqual(["first", "again"])
  })

  it("are bound to the client and the resource they were granted to", async () => {
    const { clientId, clientSecret } = issuer.clients.post
    const token = await issuer.issueRefreshToken({ clientId, scope: "api:read", resource: "https://api.example.com/" })
    expect((await refresh(token)).body).toMatchObject({ error: "invalid_grant" })
    const form = { grant_type: "refresh_token", client_id: clientId, client_secret: clientSecret, refresh_token: token }
    expect((await post(form)).body).toMatchObject({ scope: "api:read", refresh_token: expect.any(String) as string })
  })
})

describe("failures on demand", () => {
  it("go down: connections are refused until it comes back on the same address", async () => {
    await issuer.goDown()
    await expect(clientCredentials()).rejects.toMatchObject({ cause: { code: "ECONNREFUSED" } })
    await issuer.comeBack()
    expect((await clientCredentials()).status).toBe(200)
    expect(issuer.requests.total).toBe(1)
  })

  it("go down with 503: every request is answered so, and no refresh token is spent", async () => {
    const token = await issuer.issueRefreshToken()
    await issuer.goDown("503")
    expect([(await refresh(token)).status, (await refresh(token)).status]).toEqual([503, 503])
    await issuer.comeBack()
    expect((await refresh(token)).status).toBe(200)
    expect(issuer.presentations.map(({ use }) => use)).toEqual(["first", "again", "again"])
  })

  it("give a planned answer to as many requests as planned", async () => {
    issuer.respondWith({ status: 429, headers: { "retry-after": "2" }, body: "later" }, 2)
    const answers = [await clientCredentials(), await clientCredentials(), await clientCredentials()]
    expect(answers.map(({ status }) => status)).toEqual([429, 429, 200])
    expect(answers[0]?.headers.get("retry-after")).toBe("2")
    expect(issuer.requests).toMatchObject({ total: 3, issued: 1 })
  })

  it("reset a connection before the request is processed, or after", async () => {
    const token = await issuer.issueRefreshToken()
    issuer.respondWith("reset")
    await expect(refresh(token)).rejects.toThrow("fetch failed")
    issuer.respondWith("lose")
    await expect(refresh(token)).rejects.toThrow("fetch failed")
    expect((await refresh(token)).body).toMatchObject({ error: "invalid_grant" })
    expect(issuer.presentations.map(({ use }) => use)).toEqual(["first", "again", "reuse"])
  })

  it.each(["hang", "lose-and-hang"] as const)("%s until it is closed", async (answer) => {
    issuer.respondWith(answer)
    const pending = clientCredentials().catch((error: unknown) => error)
    await vi.waitUntil(() => issuer.requests.total === 1 && (answer === "hang" || issuer.requests.issued === 1))
    await issuer.close()
    expect(await pending).toBeInstanceOf(TypeError)
  })

  it("slow down: a request is counted when it comes, and processed when its time has come", async () => {
    issuer.slowDown(3_600_000)
    const pending = clientCredentials()
    await vi.waitUntil(() => issuer.requests.total === 1)
    expect(issuer.requests.issued).toBe(0)
    issuer.slowDown(0)
    expect((await pending).status).toBe(200)
    expect(issuer.requests.issued).toBe(1)
  })
})

it("is discovered at its URL", async () => {
  const metadata: unknown = await (await fetch(`${issuer.url}/.well-known/openid-configuration`)).json()
  expect(metadata).toMatchObject({ issuer: issuer.url, token_endpoint: issuer.tokenEndpoint })
  expect(issuer.requests.total).toBe(0)
})

it("accepts the access tokens it has issued, until they are revoked", async () => {
  const refreshToken = await issuer.issueRefreshToken()
  const tokens = [await clientCredentials(), await refresh(refreshToken)].map(({ body }) =>
    String(body["access_token"]),
  )
  expect(await Promise.all([...tokens, "another"].map((token) => issuer.accepts(token)))).toEqual([true, true, false])
  await refresh(refreshToken)
  expect(await Promise.all(tokens.map((token) => issuer.accepts(token)))).toEqual([true, false])
})

it("keeps no secret in its book", async () => {
  const refreshToken = await issuer.issueRefreshToken()
  await refresh(refreshToken)
  await clientCredentials()
  const book = JSON.stringify([issuer.tokenRequests, issuer.presentations])
  for (const secret of [refreshToken, issuer.clients.post.clientSecret]) expect(book).not.toContain(secret)
})

it("writes nothing to the console", async () => {
  vi.resetModules()
  const spies = (["log", "info", "warn", "error"] as const).map((name) => vi.spyOn(console, name))
  await restart({})
  await clientCredentials()
  await refresh(await issuer.issueRefreshToken())
  expect(spies.map((spy) => spy.mock.calls)).toEqual([[], [], [], []])
  vi.restoreAllMocks()
})
