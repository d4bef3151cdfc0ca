import type { TokenCredential } from "@azure/core-auth"
import {
  bearerTokenAuthenticationPolicy,
  bearerTokenAuthenticationPolicyName,
  createDefaultHttpClient,
  createEmptyPipeline,
  createPipelineRequest,
  type PipelinePolicy,
} from "@azure/core-rest-pipeline"
import {
  doesIdentityRequireRefresh,
  HttpBearerAuthSigner,
  isIdentityExpired,
  memoizeIdentityProvider,
} from "@smithy/core"
import { HttpRequest } from "@smithy/core/protocols"
import type { TokenIdentityProvider } from "@smithy/types"
import { CachedTokenSource } from "evertoken"
import { awsTokenProvider, tokenSourceFromAws } from "evertoken/adapters/aws"
import { azureCredential, tokenSourceFromAzure } from "evertoken/adapters/azure"
import { googleAuthClient, tokenSourceFromGoogle } from "evertoken/adapters/google"
import { ClientCredentialsSource } from "evertoken/oauth2"
import { GoogleAuth, OAuth2Client, PassThroughClient } from "google-auth-library"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { TokenSite } from "./token-site.js"

let site: TokenSite
let source: CachedTokenSource

beforeEach(async () => {
  site = await TokenSite.start()
  const tokenEndpoint = `${site.url}/token`
  source = new CachedTokenSource(
    new ClientCredentialsSource({ tokenEndpoint, clientId: "billing", clientSecret: "secret" }),
    { minimumIntervalMs: 0 },
  )
})

afterEach(async () => {
  await source.close()
  await site[Symbol.asyncDispose]()
})

const times = (count: number, call: () => Promise<unknown>) => Promise.all(Array.from({ length: count }, call))

describe("the Azure SDK", () => {
  // the policy insists on https; the server of this test has no certificate
  const plain: PipelinePolicy = {
    name: "plain",
    sendRequest: (request, next) => {
      request.url = request.url.replace("https:", "http:")
      return next(request)
    },
  }

  function newApi(credential: TokenCredential) {
    const pipeline = createEmptyPipeline()
    pipeline.addPolicy(bearerTokenAuthenticationPolicy({ credential, scopes: "scope" }))
    pipeline.addPolicy(plain, { afterPolicies: [bearerTokenAuthenticationPolicyName] })
    const client = createDefaultHttpClient()
    return async () => {
      const url = site.url.replace("http:", "https:")
      const request = createPipelineRequest({ url, allowInsecureConnection: true })
      return (await pipeline.sendRequest(client, request)).status
    }
  }

  it("presents the source's token, and a newer one when the API demands claims", async () => {
    const call = newApi(azureCredential(source))
    expect(await times(5, call)).toEqual(Array(5).fill(200))
    expect(site.issued).toBe(1)

    site.revoke()
    expect(await call()).toBe(200)
    expect(site.issued).toBe(2)
  })

  it("is a token source by its credentials", async () => {
    const credential: TokenCredential = azureCredential(source)
    const token = await tokenSourceFromAzure(credential, { scopes: "scope" }).getToken()
    expect(token.accessToken).toBe("t1")
    expect(token.staleAt).toBe((await source.getToken()).staleAt)
  })
})

describe("google-auth-library", () => {
  it("presents the source's token; one renewal serves 20 who were rejected", async () => {
    const authClient = googleAuthClient(new PassThroughClient(), source)
    const auth = new GoogleAuth({ authClient })
    const call = async () => (await auth.request({ url: site.url })).status
    expect(await call()).toBe(200)

    site.revoke()
    expect(await times(20, call)).toEqual(Array(20).fill(200))
    expect(site.issued).toBe(2)
    expect((await auth.getRequestHeaders()).get("authorization")).toBe("Bearer t2")
    expect(await auth.getAccessToken()).toBe("t2")
    expect((await authClient.fetch(site.url)).status).toBe(200)
  })

  it("is a token source by its clients, which give a newer token when asked", async () => {
    const client = new OAuth2Client({ endpoints: { oauth2TokenUrl: `${site.url}/token` } })
    client.setCredentials({ refresh_token: "google's own" })
    const google = tokenSourceFromGoogle(client)
    const first = await google.getToken()
    expect(first.accessToken).toBe("t1")
    expect((await google.getToken()).accessToken).toBe("t1")
    expect((await google.getToken({ newerThan: first })).accessToken).toBe("t2")
    expect(site.issued).toBe(2)
  })
})

describe("the AWS SDK", () => {
  const memoized = (provider: TokenIdentityProvider) => {
    const identity = memoizeIdentityProvider(provider, isIdentityExpired, doesIdentityRequireRefresh)
    if (identity === undefined) throw new Error("no provider")
    return identity
  }

  it("presents the source's token, and another one when it insists", async () => {
    const identity = memoized(awsTokenProvider(source))
    const { hostname, port } = new URL(site.url)
    const signer = new HttpBearerAuthSigner()
    const call = async (properties?: { forceRefresh: boolean }) => {
      const request = new HttpRequest({ protocol: "http:", hostname, port: Number(port), path: "/" })
      const { headers } = await signer.sign(request, await identity(properties), {})
      return (await fetch(site.url, { headers })).status
    }
    expect(await times(5, () => call())).toEqual(Array(5).fill(200))
    site.revoke()
    expect(await call()).toBe(401)
    expect(await call({ forceRefresh: true })).toBe(200)
    expect(site.issued).toBe(2)
  })

  it("is a token source by its token providers", async () => {
    const aws = tokenSourceFromAws(memoized(awsTokenProvider(source)))
    const first = await aws.getToken()
    expect(first.accessToken).toBe("t1")
    expect((await aws.getToken({ newerThan: first })).accessToken).toBe("t2")
  })
})
