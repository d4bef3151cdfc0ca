import { expect, it } from "vitest"
import { tokenSourceFrom } from "../../token-source-from.js"
import type { TokenRequest } from "../../token-source.js"
import { Token } from "../../token.js"
import { awsTokenProvider, tokenSourceFromAws } from "./aws-token-provider.js"

const token = new Token({ accessToken: "t", issuedAt: 0, staleAt: 1_000, expiresAt: 2_000 })

it("the provider gives the source's token, and another one only if the SDK insists", async () => {
  const requests: TokenRequest[] = []
  const provider = awsTokenProvider({ getToken: async (request = {}) => (requests.push(request), token) })
  expect(await provider()).toEqual({ token: "t", expiration: new Date(2_000) })
  await provider({ forceRefresh: false })
  await provider({ forceRefresh: true })
  expect(requests.map(({ newerThan }) => newerThan)).toEqual([undefined, undefined, token])
})

it("a source that spends a refresh token at each call is refused", () => {
  expect(() => awsTokenProvider(tokenSourceFrom(() => "t", { singleUse: true }))).toThrow("CachedTokenSource")
})

it("a provider is a token source, and is told when a newer one is wanted", async () => {
  const told: unknown[] = []
  const expiration = new Date(Date.now() + 3_600_000)
  const source = tokenSourceFromAws(async (properties) => (told.push(properties), { token: "t", expiration }), {
    name: "me",
  })
  const first = await source.getToken()
  expect(first).toMatchObject({ accessToken: "t", expiresAt: expiration.getTime() })
  await source.getToken({ newerThan: first })
  expect(told).toEqual([undefined, { forceRefresh: true }])
})
