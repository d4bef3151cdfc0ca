import { expect, it } from "vitest"
import { VirtualClock } from "../testing/virtual-clock.js"
import { ClientCredentialsSource, type ClientCredentialsOptions } from "./client-credentials-source.js"
import { TokenRevoker } from "./token-revoker.js"

/** An application's fetch, and whose metadata were asked for by it. */
function fetchOf({ tokenStatus = 200 } = {}) {
  const asked: string[] = []
  const fetch = async (input: unknown) => {
    const { origin, pathname } = new URL(String(input))
    if (pathname === "/token") {
      const token = { access_token: "a", token_type: "bearer", expires_in: 60 }
      return Response.json(token, { status: tokenStatus })
    }
    if (pathname === "/revoke") return new Response("")
    asked.push(origin)
    return Response.json({ issuer: origin, token_endpoint: `${origin}/token`, revocation_endpoint: `${origin}/revoke` })
  }
  return { fetch, asked }
}

const ISSUER = "https://id.example.com"

function sourceBy(options: Partial<ClientCredentialsOptions>) {
  return new ClientCredentialsSource({ issuer: ISSUER, clientId: "c", clientSecret: "s", ...options })
}

it("sources that reach an issuer in the same way ask for its metadata once, be they as many as a pool has", async () => {
  const { fetch, asked } = fetchOf()
  const sources = Array.from({ length: 20 }, (_, n) => sourceBy({ fetch, clientId: `tenant-${n}` }))
  await Promise.all(sources.map((source) => source.getToken()))
  await sourceBy({ fetch, scope: "another" }).getToken()
  expect(asked).toEqual([ISSUER])
})

it("they ask again once for all, when they are too old, or the endpoint is gone", async () => {
  const clock = new VirtualClock()
  const { fetch, asked } = fetchOf({ tokenStatus: 404 })
  const sources = [sourceBy({ fetch, clock }), sourceBy({ fetch, clock })]
  const askAll = () => Promise.allSettled(sources.map((source) => source.getToken()))
  await askAll()
  await askAll()
  expect(asked).toHaveLength(2)
  const good = fetchOf()
  const others = [sourceBy({ fetch: good.fetch, clock }), sourceBy({ fetch: good.fetch, clock })]
  await Promise.all(others.map((source) => source.getToken()))
  await clock.advance(3_600_000)
  await Promise.all(others.map((source) => source.getToken()))
  expect(good.asked).toHaveLength(2)
})

it("who connects in another way, by another clock, with other limits, or for another endpoint asks for itself", async () => {
  const { fetch, asked } = fetchOf()
  const another = fetchOf()
  await sourceBy({ fetch }).getToken()
  await sourceBy({ fetch: another.fetch }).getToken()
  expect([asked.length, another.asked.length]).toEqual([1, 1])
  for (const changes of [{ clock: new VirtualClock() }, { timeoutMs: 1_000 }, { maximumResponseBytes: 1_000 }]) {
    await sourceBy({ fetch, ...changes }).getToken()
  }
  await sourceBy({ fetch, clientSecret: undefined, clientAuthentication: { method: "tls_client_auth" } }).getToken()
  await new TokenRevoker({ issuer: ISSUER, clientId: "c", clientSecret: "s", fetch }).revoke("a")
  await sourceBy({ fetch, issuer: "https://other.example.com" }).getToken()
  expect(asked).toHaveLength(7)
})

it("of more issuers than 100 the one that was used longest ago is forgotten, but not by its own source", async () => {
  const { fetch, asked } = fetchOf()
  const issuerOf = (n: number) => `https://tenant-${n}.example.com`
  const sources = Array.from({ length: 101 }, (_, n) => sourceBy({ fetch, issuer: issuerOf(n) }))
  await Promise.all(sources.map((source) => source.getToken()))
  asked.length = 0
  await sources[0]?.getToken()
  await sourceBy({ fetch, issuer: issuerOf(100) }).getToken()
  expect(asked).toEqual([])
  await sourceBy({ fetch, issuer: issuerOf(0) }).getToken()
  expect(asked).toEqual([issuerOf(0)])
})
