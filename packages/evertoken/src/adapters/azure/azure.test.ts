import { expect, it } from "vitest"
import { VirtualClock } from "../../testing/virtual-clock.js"
import type { TokenRequest } from "../../token-source.js"
import { Token } from "../../token.js"
import type { AzureAccessToken } from "./azure-credential.js"
import { azureCredential } from "./azure-credential-from.js"
import { tokenSourceFromAzure } from "./token-source-from-azure.js"

const token = new Token({ accessToken: "t", issuedAt: 0, staleAt: 3_000, expiresAt: 4_000 })

function askedSource() {
  const requests: TokenRequest[] = []
  return { requests, getToken: async (request: TokenRequest = {}) => (requests.push(request), token) }
}

it("the credential gives the source's token, and says when to ask again", async () => {
  expect(await azureCredential({ getToken: async () => token }).getToken("scope")).toEqual({
    token: "t",
    tokenType: "Bearer",
    refreshAfterTimestamp: 3_000,
    expiresOnTimestamp: 4_000,
  })
})

it("claims ask for a newer token than the one given last", async () => {
  const source = askedSource()
  const credential = azureCredential(source)
  await credential.getToken("scope", { claims: "{}" })
  await credential.getToken("scope", { claims: "{}" })
  await credential.getToken("scope")
  expect(source.requests.map(({ newerThan }) => newerThan)).toEqual([undefined, token, undefined])
})

it("the caller's own signal is passed on, and nothing that only looks like one", async () => {
  const source = askedSource()
  const { signal } = new AbortController()
  await azureCredential(source).getToken("scope", { abortSignal: signal })
  await azureCredential(source).getToken("scope", { abortSignal: { aborted: false } })
  expect(source.requests.map((request) => request.signal)).toEqual([signal, undefined])
})

it("a function chooses the source by scopes and claims", async () => {
  const chosen: unknown[] = []
  const credential = azureCredential((scopes, { claims }) => (chosen.push([...scopes, claims]), askedSource()))
  await credential.getToken("a")
  await credential.getToken(["a", "b"], { claims: "c" })
  expect(chosen).toEqual([
    ["a", undefined],
    ["a", "b", "c"],
  ])
})

it("a source that spends a refresh token at each call is refused", () => {
  const spending = { singleUse: true, getToken: async () => token }
  expect(() => azureCredential(spending)).toThrow("CachedTokenSource")
})

async function fromAzure(given: AzureAccessToken | null) {
  const clock = new VirtualClock()
  const source = tokenSourceFromAzure({ getToken: async () => given }, { scopes: "scope", name: "me", clock })
  return source.getToken({ signal: new AbortController().signal })
}

it("a token of an Azure credential is renewed when the credential says so", async () => {
  const now = new VirtualClock().now()
  const got = await fromAzure({ token: "t", expiresOnTimestamp: now + 8_000, refreshAfterTimestamp: now + 2_000 })
  expect(got).toMatchObject({ accessToken: "t", staleAt: now + 2_000, expiresAt: now + 8_000 })
})

it("else when a new one is to be had: four minutes before its end", async () => {
  const now = new VirtualClock().now()
  const got = await fromAzure({ token: "t", expiresOnTimestamp: now + 3_600_000 })
  expect(got.staleAt).toBe(now + 3_360_000)
})

it.each([
  ["no token at all", null, "ERR_TOKEN_SOURCE"],
  ["a token that is over", { token: "t", expiresOnTimestamp: 1, refreshAfterTimestamp: 1 }, "ERR_TOKEN_LIFETIME"],
])("an Azure credential that gives %s rejects", async (_what, given, code) => {
  await expect(fromAzure(given)).rejects.toMatchObject({ code })
})
