import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { SignJWT } from "jose"
import { ClientCredentialsSource, ExtensionGrantSource, JwtBearerSource, TokenExchangeSource } from "evertoken/oauth2"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { RealIssuer } from "../issuer/real-issuer.js"

let issuer: RealIssuer
let directory: string
beforeEach(async () => {
  issuer = await RealIssuer.start()
  directory = mkdtempSync(join(tmpdir(), "evertoken-workload-"))
})
afterEach(async () => {
  rmSync(directory, { recursive: true, force: true })
  await issuer.close()
})

const options = () => ({
  issuer: issuer.url,
  clientId: issuer.clients.workload.clientId,
  clientAuthentication: "none" as const,
  scope: "api:read",
})

describe("a workload without a secret, whose platform keeps a token in a file", () => {
  const assertion = () => ({ file: join(directory, "token") })

  it.each([
    [
      "token exchange",
      () => new TokenExchangeSource({ ...options(), subjectToken: assertion(), subjectTokenType: "jwt" }),
    ],
    ["JWT bearer", () => new JwtBearerSource({ ...options(), assertion: assertion() })],
  ])("gets its tokens by %s, each for the platform's newest", async (_, make) => {
    const { file } = assertion()
    const source = make()
    for (const subject of ["billing", "billing again"]) {
      writeFileSync(file, `${await issuer.workloads.token(subject)}\n`)
      const { accessToken, scope } = await source.getToken()
      expect([await issuer.accepts(accessToken), scope]).toEqual([true, "api:read"])
    }
    expect(issuer.workloads.taken).toEqual(["billing", "billing again"])
    // this issuer takes each of them once only
    await expect(source.getToken()).rejects.toMatchObject({ error: "invalid_grant", transient: false })
  })

  it("proves itself as a client by it", async () => {
    const { clientId, privateKey, keyId } = issuer.clients.privateKeyJwt
    const { file } = assertion()
    const clientAuthentication = { method: "client_assertion", assertion: { file } } as const
    const source = new ClientCredentialsSource({ issuer: issuer.url, clientId, clientAuthentication })
    for (const jti of ["first", "second"]) {
      const jwt = new SignJWT({ iss: clientId, sub: clientId, aud: issuer.url, jti }).setExpirationTime("1m")
      writeFileSync(file, await jwt.setProtectedHeader({ alg: "ES256", kid: keyId }).sign(privateKey))
      expect(await issuer.accepts((await source.getToken()).accessToken)).toBe(true)
    }
    await expect(source.getToken()).rejects.toMatchObject({ error: "invalid_client" })
  })
})

it("an assertion that the library signs is another one for each request", async () => {
  const { platform, privateKey } = issuer.workloads
  const assertion = { key: privateKey, issuer: platform, subject: "billing" }
  const source = new JwtBearerSource({ ...options(), assertion })
  await source.getToken()
  await source.getToken()
  expect(issuer.workloads.taken).toEqual(["billing", "billing"])
})

it("a grant that the library does not know gets its parameters anew for each request", async () => {
  const source = new ExtensionGrantSource({
    ...options(),
    grantType: "urn:ietf:params:oauth:grant-type:jwt-bearer",
    parameters: async () => ({ assertion: await issuer.workloads.token("by hand") }),
    subject: "by hand",
  })
  await source.getToken()
  await source.getToken()
  expect(issuer.workloads.taken).toEqual(["by hand", "by hand"])
})
