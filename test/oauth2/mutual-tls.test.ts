import { execFile } from "node:child_process"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import {
  ClientCredentialsSource,
  DPoPKey,
  RefreshTokenSource,
  TokenIntrospector,
  type ClientCredentialsOptions,
  type MutualTls,
} from "evertoken/oauth2"
import { Agent } from "undici"
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from "vitest"
import { Authority, selfSigned, type Credentials } from "../hostile/certificates.js"
import { secretClients } from "../issuer/issuer-clients.js"
import { REGISTERED_NAME } from "../issuer/mutual-tls-port.js"
import { RealIssuer } from "../issuer/real-issuer.js"

const run = promisify(execFile)
const CLIENT = fileURLToPath(new URL("mutual-tls-client.ts", import.meta.url))

let directory: string
let authority: Authority
let vouchedFor: Credentials
let registered: Credentials
let issuer: RealIssuer
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "evertoken-"))
  authority = await Authority.create("trusted by the test")
  await writeFile(join(directory, "authority.pem"), authority.certificate)
  vouchedFor = await authority.issue({ names: [{ type: "dns", value: REGISTERED_NAME }] })
  registered = await selfSigned()
})
afterAll(() => rm(directory, { recursive: true, force: true }))
beforeEach(async () => {
  issuer = await RealIssuer.start({ mutualTls: { authority, selfSigned: registered } })
})
afterEach(() => issuer.close())

type Method = MutualTls["method"]

function presenting(method: Method, { cert: certificate, key }: Credentials): MutualTls {
  return { method, certificate, key }
}

/** What comes of it in a process that trusts the authority. */
async function outcomeOf(options: ClientCredentialsOptions): Promise<unknown> {
  const env = {
    ...process.env,
    NODE_EXTRA_CA_CERTS: join(directory, "authority.pem"),
    MUTUAL_TLS_OPTIONS: JSON.stringify(options),
  }
  const { stdout, stderr } = await run(process.execPath, ["--import", "tsx", CLIENT], { env })
  expect(stderr).toBe("")
  expect(stdout).not.toContain("PRIVATE KEY")
  return JSON.parse(stdout)
}

describe("a client known by the certificate of its connection is granted a token", () => {
  it.each<[Method, "vouchedFor" | "selfSigned", () => Credentials]>([
    ["tls_client_auth", "vouchedFor", () => vouchedFor],
    ["self_signed_tls_client_auth", "selfSigned", () => registered],
  ])("%s, at the endpoint for it in the issuer's metadata", async (method, client, credentials) => {
    const { clientId } = issuer.clients[client]
    const clientAuthentication = presenting(method, credentials())
    expect(await outcomeOf({ issuer: issuer.url, clientId, clientAuthentication })).toEqual({ tokenType: "Bearer" })
    expect(issuer.tokenRequests).toMatchObject([{ clientId, authentication: "certificate" }])
  })

  it("at the endpoint that is configured", async () => {
    const clientAuthentication = presenting("tls_client_auth", vouchedFor)
    const tokenEndpoint = `${issuer.mutualTlsUrl}/token`
    const { clientId } = issuer.clients.vouchedFor
    expect(await outcomeOf({ tokenEndpoint, clientId, clientAuthentication })).toEqual({ tokenType: "Bearer" })
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
    const clientAuthentication = presenting("tls_client_auth", await authority.issue())
    expect(await outcomeOf({ issuer: issuer.url, ...issuer.clients.vouchedFor, clientAuthentication })).toMatchObject({
      error: "invalid_client",
      status: 401,
      transient: false,
    })
  })

  it("after the handshake, without a word: TLS 1.3 lets a client send before it knows, so it may have been processed", async () => {
    await using strict = await RealIssuer.start({ mutualTls: { authority, selfSigned: registered, strict: true } })
    const clientAuthentication = presenting("self_signed_tls_client_auth", registered)
    const { clientId } = strict.clients.selfSigned
    const options = { tokenEndpoint: `${strict.mutualTlsUrl}/token`, clientId, clientAuthentication }
    expect(await outcomeOf(options)).toMatchObject({ code: "ERR_TOKEN_REQUEST", transient: true, ambiguous: true })
    expect(strict.requests.total).toBe(0)
  })
})

it("without a certificate nothing is granted: it is what counts", async () => {
  const dispatcher = new Agent({ connect: { ca: authority.certificate } })
  const clientAuthentication = { method: "tls_client_auth" } as const
  const options = { issuer: issuer.url, ...issuer.clients.vouchedFor, clientAuthentication, dispatcher }
  await expect(new ClientCredentialsSource(options).getToken()).rejects.toMatchObject({ error: "invalid_client" })
  await dispatcher.close()
})

it("together with DPoP both hold in every request: the certificate, and the proof that answers the issuer's nonce", async () => {
  await using demanding = await RealIssuer.start({ mutualTls: { authority, selfSigned: registered }, dpopNonces: true })
  const { clients, url } = demanding
  const dispatcher = new Agent({ connect: { ca: authority.certificate, ...vouchedFor } })
  const dpop = await DPoPKey.generate()
  const clientAuthentication = { method: "tls_client_auth" } as const
  const options = { issuer: url, ...clients.vouchedFor, clientAuthentication, dispatcher, dpop }
  const refreshToken = await demanding.issueRefreshToken(clients.vouchedFor)
  const { accessToken, tokenType } = await new RefreshTokenSource({ ...options, refreshToken }).getToken()
  await dispatcher.close()
  const introspector = new TokenIntrospector({ issuer: url, ...secretClients.basic })
  expect([tokenType, (await introspector.introspect(accessToken)).claims["cnf"]]).toEqual([
    "DPoP",
    { jkt: dpop.thumbprint },
  ])
  expect(demanding.tokenRequests.map(({ authentication }) => authentication)).toEqual(["certificate", "certificate"])
  expect(demanding.presentations.map(({ use }) => use)).toEqual(["first", "again"])
})
