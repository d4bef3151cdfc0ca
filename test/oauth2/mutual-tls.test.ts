import { inspect } from "node:util"
import {
  ClientCredentialsSource,
  DPoPKey,
  RefreshTokenSource,
  TokenIntrospector,
  type ClientCredentialsOptions,
  type MutualTls,
} from "evertoken/oauth2"
import { Agent } from "undici"
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { Authority, selfSigned, type Credentials } from "../hostile/certificates.js"
import { secretClients } from "../issuer/issuer-clients.js"
import { REGISTERED_NAME } from "../issuer/mutual-tls-port.js"
import { RealIssuer } from "../issuer/real-issuer.js"

let authority: Authority
let vouchedFor: Credentials
let registered: Credentials
let issuer: RealIssuer
beforeAll(async () => {
  authority = await Authority.create("trusted by the test")
  vouchedFor = await authority.issue({ names: [{ type: "dns", value: REGISTERED_NAME }] })
  registered = await selfSigned()
})
beforeEach(async () => {
  issuer = await RealIssuer.start({ mutualTls: { authority, selfSigned: registered } })
})
afterEach(() => issuer.close())

type Method = MutualTls["method"]

function presenting(method: Method, { cert: certificate, key }: Credentials) {
  return { clientAuthentication: { method, certificate, key }, certificateAuthority: authority.certificate }
}

/** A token, or why there is none. */
async function outcomeOf(options: ClientCredentialsOptions): Promise<unknown> {
  const outcome = await new ClientCredentialsSource(options).getToken().catch((error: unknown) => error)
  expect(inspect(outcome, { showHidden: true, depth: 9 })).not.toContain("PRIVATE KEY")
  return outcome
}

describe("a client known by the certificate of its connection is granted a token", () => {
  it.each<[Method, "vouchedFor" | "selfSigned", () => Credentials]>([
    ["tls_client_auth", "vouchedFor", () => vouchedFor],
    ["self_signed_tls_client_auth", "selfSigned", () => registered],
  ])("%s, at the endpoint for it in the issuer's metadata", async (method, client, credentials) => {
    const { clientId } = issuer.clients[client]
    const options = { issuer: issuer.url, clientId, ...presenting(method, credentials()) }
    expect(await outcomeOf(options)).toMatchObject({ tokenType: "Bearer" })
    expect(issuer.tokenRequests).toMatchObject([{ clientId, authentication: "certificate" }])
  })

  it("at the endpoint that is configured", async () => {
    const tokenEndpoint = `${issuer.mutualTlsUrl}/token`
    const options = { tokenEndpoint, ...issuer.clients.vouchedFor, ...presenting("tls_client_auth", vouchedFor) }
    expect(await outcomeOf(options)).toMatchObject({ tokenType: "Bearer" })
    expect(issuer.requests.total).toBe(1)
  })

  it("by connections of the application's own", async () => {
    const dispatcher = new Agent({ connect: { ca: authority.certificate, ...vouchedFor } })
    const clientAuthentication = { method: "tls_client_auth" } as const
    const options = { issuer: issuer.url, ...issuer.clients.vouchedFor, clientAuthentication, dispatcher }
    expect((await new ClientCredentialsSource(options).getToken()).tokenType).toBe("Bearer")
    await dispatcher.close()
  })
})

describe("another certificate is refused", () => {
  it("by the issuer, as invalid_client", async () => {
    const another = presenting("tls_client_auth", await authority.issue())
    const refusal = { error: "invalid_client", status: 401, transient: false }
    expect(await outcomeOf({ issuer: issuer.url, ...issuer.clients.vouchedFor, ...another })).toMatchObject(refusal)
  })

  it("after the handshake, without a word: TLS 1.3 lets a client send before it knows, so it may have been processed", async () => {
    await using strict = await RealIssuer.start({ mutualTls: { authority, selfSigned: registered, strict: true } })
    const credentials = presenting("self_signed_tls_client_auth", registered)
    const options = { tokenEndpoint: `${strict.mutualTlsUrl}/token`, ...strict.clients.selfSigned, ...credentials }
    expect(await outcomeOf(options)).toMatchObject({ code: "ERR_TOKEN_REQUEST", transient: true, ambiguous: true })
    expect(strict.requests.total).toBe(0)
  })
})

it("without a certificate nothing is granted: it is what counts", async () => {
  const trusting = { certificateAuthority: authority.certificate, clientAuthentication: "none" } as const
  const options = { tokenEndpoint: `${issuer.mutualTlsUrl}/token`, ...issuer.clients.vouchedFor, ...trusting }
  expect(await outcomeOf(options)).toMatchObject({ error: "invalid_client" })
})

it("together with DPoP both hold in every request: the certificate, and the proof that answers the issuer's nonce", async () => {
  await using demanding = await RealIssuer.start({ mutualTls: { authority, selfSigned: registered }, dpopNonces: true })
  const { clients, url } = demanding
  const dpop = await DPoPKey.generate()
  const options = { issuer: url, ...clients.vouchedFor, ...presenting("tls_client_auth", vouchedFor), dpop }
  const refreshToken = await demanding.issueRefreshToken(clients.vouchedFor)
  const { accessToken, tokenType } = await new RefreshTokenSource({ ...options, refreshToken }).getToken()
  const introspector = new TokenIntrospector({ issuer: url, ...secretClients.basic })
  expect([tokenType, (await introspector.introspect(accessToken)).claims["cnf"]]).toEqual([
    "DPoP",
    { jkt: dpop.thumbprint },
  ])
  expect(demanding.tokenRequests.map(({ authentication }) => authentication)).toEqual(["certificate", "certificate"])
  expect(demanding.presentations.map(({ use }) => use)).toEqual(["first", "again"])
})
