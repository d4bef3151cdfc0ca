import { filter, firstValueFrom } from "rxjs"
import { afterEach, beforeEach, expect, test } from "vitest"
import { LocalIssuer } from "../testing/local-issuer.js"
import { configOf, registryUnderTest } from "../testing/registry-under-test.js"
import { turning } from "../testing/turning.js"
import { tagOf } from "./named-token.js"
import { TokenRegistry } from "./token-registry.js"

let issuer: LocalIssuer
beforeEach(async () => {
  issuer = await LocalIssuer.start()
})
afterEach(() => issuer[Symbol.asyncDispose]())

async function named(fields: object = {}) {
  const { registry, clock, cache } = registryUnderTest()
  await registry.apply({ billing: configOf(issuer.url, fields) })
  const token = registry.find("billing")
  if (token === undefined) throw new Error("the token is not there")
  return { token, registry, clock, cache, [Symbol.asyncDispose]: () => registry.close() }
}

const clientCredentials = { grant: "client_credentials", client: { id: "app", secret: "env:PATH" } }

test("a refresh token set by hand is used at once, and what comes of it is served", async () => {
  await using it = await named()
  await it.token.set({ refreshToken: "canary-by-hand" })
  const served = await turning(it.clock, it.token.getToken())
  expect(served.accessToken).toBe("canary-access-1")
  expect(issuer.requests.find(({ path }) => path === "/token")?.body.get("refresh_token")).toBe("canary-by-hand")
})

test("a refresh token set by hand that the issuer refuses is told at once; one that cannot be asked about is kept", async () => {
  await using it = await named()
  issuer.next({ status: 400, body: { error: "invalid_grant" } })
  const refused = turning(it.clock, it.token.set({ refreshToken: "canary-spent" }))
  await expect(refused).rejects.toMatchObject({ code: "ERR_REAUTHENTICATION_REQUIRED" })
  issuer.next({ status: 503, body: {} })
  await turning(it.clock, it.token.set({ refreshToken: "canary-good" }))
  expect(it.token.status).toMatchObject({ status: "starting", lastError: { code: "ERR_TOKEN_RESPONSE" } })
})

test("who has signed out is signed out after a restart, too", async () => {
  await using it = await named()
  await turning(it.clock, it.token.set({ refreshToken: "canary-by-hand" }))
  await it.token.revoke({ local: true })
  const { config } = it.token
  const open = async () => ({ name: "memory", isEncrypted: false, caches: [it.cache] as const })
  await using later = new TokenRegistry({ stores: { open }, clock: it.clock })
  await later.apply({ billing: config })
  const token = later.find("billing")
  const asked = turning(it.clock, Promise.resolve(token?.getToken()))
  await expect(asked).rejects.toMatchObject({ code: "ERR_REAUTHENTICATION_REQUIRED" })
  expect(token?.status.status).toBe("signed-out")
})

test("an access token set by hand is served until it ends, without asking anybody", async () => {
  await using it = await named()
  await it.token.set({ accessToken: "canary-by-hand", expiresAt: it.clock.now() + 600_000, scope: "write" })
  const served = await it.token.getToken()
  expect(served).toMatchObject({ accessToken: "canary-by-hand", scope: "write" })
  expect(issuer.asked).toBe(0)
})

test("a refresh renews what is in the store, though nobody has read it yet", async () => {
  await using it = await named(clientCredentials)
  await turning(it.clock, it.token.getToken())
  it.clock.stepWall(60_000)
  const { config } = it.token
  const open = async () => ({ name: "memory", isEncrypted: false, caches: [it.cache] as const })
  await using later = new TokenRegistry({ stores: { open }, clock: it.clock })
  await later.apply({ billing: config })
  const refreshed = await turning(it.clock, Promise.resolve(later.find("billing")?.refresh()))
  expect(refreshed?.accessToken).toBe("canary-access-2")
})

test("what cannot be set by hand is refused by name", async () => {
  await using it = await named()
  await expect(it.token.set({})).rejects.toThrow("accessToken or refreshToken")
  await expect(it.token.set({ accessToken: "a", expiresAt: it.clock.now() })).rejects.toThrow("expiresAt")
})

test("revoking tells the issuer of the refresh token, and forgets everything", async () => {
  await using it = await named()
  await it.token.set({ accessToken: "canary-access", refreshToken: "canary-refresh" })
  await it.token.revoke()
  const told = issuer.requests.filter(({ path }) => path === "/revoke")
  expect(told.map(({ body }) => body.get("token"))).toEqual(["canary-refresh"])
  expect((await it.cache.get("billing"))?.token).toBeUndefined()
  expect(it.token.status.status).toBe("signed-out")
})

test("without a refresh token, it is the access token that is revoked", async () => {
  await using it = await named(clientCredentials)
  await turning(it.clock, it.token.getToken())
  await it.token.revoke()
  const told = issuer.requests.filter(({ path }) => path === "/revoke")
  expect(told.map(({ body }) => body.get("token_type_hint"))).toEqual(["access_token"])
})

test("if the issuer cannot be told, nothing has changed; it may be forgotten here only", async () => {
  await using it = await named()
  await it.token.set({ accessToken: "canary-access", refreshToken: "canary-refresh" })
  issuer.next({ status: 503, body: {} })
  await expect(it.token.revoke()).rejects.toMatchObject({ code: "ERR_TOKEN_RESPONSE" })
  expect((await it.token.getToken()).accessToken).toBe("canary-access")
  await it.token.revoke({ local: true })
  expect((await it.cache.get("billing"))?.token).toBeUndefined()
})

test("there is nothing to revoke where there is no token", async () => {
  await using it = await named()
  await it.token.revoke()
  expect(issuer.requests.filter(({ path }) => path === "/revoke")).toEqual([])
})

test("who waits for a change gets the next token, and is let go with its own reason", async () => {
  await using it = await named()
  await it.token.set({ accessToken: "canary-1" })
  const tag = tagOf(await it.token.getToken())
  const patience = new AbortController()
  const given = it.token.changedFrom(tag, patience.signal)
  const givenUp = expect(it.token.changedFrom(tag, AbortSignal.abort("no time"))).rejects.toBe("no time")
  await it.token.set({ accessToken: "canary-2" })
  expect((await given).accessToken).toBe("canary-2")
  await givenUp
  const waiting = it.token.changedFrom(tagOf(await given), patience.signal)
  patience.abort("enough")
  await expect(waiting).rejects.toBe("enough")
})

test("a token without a grant of a person is not signed in for", async () => {
  await using it = await named(clientCredentials)
  await expect(it.token.signIn()).rejects.toThrow("nobody signs in for billing: its grant is client_credentials")
  expect(it.token.signInState).toBe("none")
})

test("a sign-in is one for all who begin it, and its token is kept", async () => {
  await using it = await named({ grant: "authorization_code" })
  const [prompt, same] = await Promise.all([it.token.signIn(), it.token.signIn()])
  expect(same).toEqual(prompt)
  if (prompt.kind !== "browser") throw new Error("a browser is expected")
  expect(it.token.status).toMatchObject({ isSigningIn: true, canSignIn: true })
  const kept = it.token.signedIn()
  const { searchParams } = new URL(prompt.url)
  const callback = new URL(searchParams.get("redirect_uri") ?? "")
  callback.search = new URLSearchParams({ code: "code", state: searchParams.get("state") ?? "" }).toString()
  await fetch(callback)
  await kept
  expect(it.token.signInState).toBe("kept")
  expect((await it.token.getToken()).accessToken).toBe("canary-access-1")
})

test("the issuer is told at a sign-in what the configuration says besides", async () => {
  await using it = await named({
    grant: "authorization_code",
    parameters: { prompt: "consent", access_type: "offline" },
  })
  const prompt = await it.token.signIn()
  if (prompt.kind !== "browser") throw new Error("a browser is expected")
  const { searchParams } = new URL(prompt.url)
  expect([searchParams.get("prompt"), searchParams.get("access_type")]).toEqual(["consent", "offline"])
})

test("a sign-in that fails before there is anything to show says why", async () => {
  await using it = await named({ grant: "device_code" })
  await expect(it.token.signIn()).rejects.toMatchObject({ code: "ERR_TOKEN_RESPONSE_INVALID" })
  await firstValueFrom(it.token.status$.pipe(filter(({ isSigningIn }) => !isSigningIn)))
  expect(it.token.signInState).toBe("failed")
  expect(it.token.status.signInError).toContain("device_authorization_endpoint")
})

test("the status tells what only a person can repair, and how", async () => {
  await using it = await named({ grant: "authorization_code" })
  issuer.next({ status: 400, body: { error: "invalid_grant" } })
  await turning(it.clock, it.token.set({ refreshToken: "canary-refresh" })).catch(() => undefined)
  expect(it.token.status).toMatchObject({
    status: "reauthentication-required",
    lastError: { code: "ERR_REAUTHENTICATION_REQUIRED", hint: "Sign in: evertoken login billing" },
  })
  expect(JSON.stringify(it.token.status)).not.toContain("canary")
})

test("one that nobody can sign in for is mended by setting tokens", async () => {
  await using it = await named()
  await turning(it.clock, it.token.getToken()).catch(() => undefined)
  expect(it.token.status.lastError?.hint).toBe("Set new tokens: evertoken set billing")
})

test("a configuration that cannot be used names the token, and changes nothing", async () => {
  await using it = await named()
  const configs = {
    billing: configOf(issuer.url, { scope: "write" }),
    other: configOf(issuer.url, { refreshToken: "env:NOT_SET_ANYWHERE" }),
  }
  await expect(turning(it.clock, it.registry.apply(configs))).rejects.toThrow(/^tokens\.other: .*NOT_SET_ANYWHERE/)
  expect(it.registry.all.map(({ name }) => name)).toEqual(["billing"])
  await it.token.set({ accessToken: "canary-access" })
  expect((await turning(it.clock, it.token.getToken())).accessToken).toBe("canary-access")
})

test("what happened of late is kept for each token, the newest of it", async () => {
  await using it = await named(clientCredentials)
  await turning(it.clock, it.token.getToken())
  issuer.next({ status: 500, body: {} })
  await turning(it.clock, it.token.refresh()).catch(() => undefined)
  expect(it.registry.history.of("billing").map(({ kind }) => kind)).toEqual(["renewed", "failed"])
  for (let times = 0; times < 210; times++) await turning(it.clock, it.token.refresh()).catch(() => undefined)
  expect(it.registry.history.of("billing")).toHaveLength(200)
  await it.registry.apply({})
  expect(it.registry.history.of("billing")).toEqual([])
})
