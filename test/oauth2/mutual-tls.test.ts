import { execFile } from "node:child_process"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { ClientCredentialsSource, type ClientCredentialsOptions, type MutualTls } from "evertoken/oauth2"
import { Agent } from "undici"
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from "vitest"
import { Authority, selfSigned, type Credentials } from "../hostile/certificates.js"
import { MutualTlsIssuer, REGISTERED_NAME } from "./mutual-tls-issuer.js"

const run = promisify(execFile)
const CLIENT = fileURLToPath(new URL("mutual-tls-client.ts", import.meta.url))
const OAUTH = "plain /.well-known/oauth-authorization-server"
const OIDC = "plain /.well-known/openid-configuration"

let directory: string
let authority: Authority
let vouchedFor: Credentials
let registered: Credentials
let issuer: MutualTlsIssuer
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "evertoken-"))
  authority = await Authority.create("trusted by the test")
  await writeFile(join(directory, "authority.pem"), authority.certificate)
  vouchedFor = await authority.issue({ names: [{ type: "dns", value: REGISTERED_NAME }] })
  registered = await selfSigned()
})
afterAll(() => rm(directory, { recursive: true, force: true }))
beforeEach(async () => {
  issuer = await MutualTlsIssuer.start({ authority, selfSigned: registered })
})
afterEach(() => issuer[Symbol.asyncDispose]())

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
  it.each<[Method, string, () => Credentials]>([
    ["tls_client_auth", "vouched-for", () => vouchedFor],
    ["self_signed_tls_client_auth", "self-signed", () => registered],
  ])("%s, at the endpoint for it in the issuer's metadata", async (method, clientId, credentials) => {
    const clientAuthentication = presenting(method, credentials())
    expect(await outcomeOf({ issuer: issuer.url, clientId, clientAuthentication })).toEqual({ tokenType: "Bearer" })
    expect(issuer.requests.filter((request) => request !== OAUTH && request !== OIDC)).toEqual(["mutual /token"])
  })

  it("at the endpoint that is configured", async () => {
    const clientAuthentication = presenting("tls_client_auth", vouchedFor)
    const tokenEndpoint = `${issuer.mutualTlsUrl}/token`
    expect(await outcomeOf({ tokenEndpoint, clientId: "vouched-for", clientAuthentication })).toEqual({
      tokenType: "Bearer",
    })
    expect(issuer.requests).toEqual(["mutual /token"])
  })

  it("by connections of the application's own", async () => {
    const dispatcher = new Agent({ connect: { ca: authority.certificate, ...vouchedFor } })
    const clientAuthentication = { method: "tls_client_auth" } as const
    const options = { issuer: issuer.url, clientId: "vouched-for", clientAuthentication, dispatcher }
    expect((await new ClientCredentialsSource(options).getToken()).tokenType).toBe("Bearer")
    await dispatcher.close()
  })
})

describe("another certificate is refused", () => {
  it("by the issuer, as invalid_client", async () => {
    const clientAuthentication = presenting("tls_client_auth", await authority.issue())
    expect(await outcomeOf({ issuer: issuer.url, clientId: "vouched-for", clientAuthentication })).toMatchObject({
      error: "invalid_client",
      status: 401,
      transient: false,
    })
  })

  it("after the handshake, without a word: TLS 1.3 lets a client send before it knows, so it may have been processed", async () => {
    await using strict = await MutualTlsIssuer.start({ authority, selfSigned: registered, strict: true })
    const clientAuthentication = presenting("self_signed_tls_client_auth", registered)
    const options = { tokenEndpoint: `${strict.mutualTlsUrl}/token`, clientId: "self-signed", clientAuthentication }
    expect(await outcomeOf(options)).toMatchObject({ code: "ERR_TOKEN_REQUEST", transient: true, ambiguous: true })
    expect(strict.requests).toEqual([])
  })
})

it("without a certificate nothing is granted: it is what counts", async () => {
  const dispatcher = new Agent({ connect: { ca: authority.certificate } })
  const clientAuthentication = { method: "tls_client_auth" } as const
  const options = { issuer: issuer.url, clientId: "vouched-for", clientAuthentication, dispatcher }
  await expect(new ClientCredentialsSource(options).getToken()).rejects.toMatchObject({ error: "invalid_client" })
  await dispatcher.close()
})
