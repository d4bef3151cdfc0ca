import { randomUUID } from "node:crypto"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { systemClock, type Clock, type Token } from "evertoken"
import {
  AuthorizationCodeFlow,
  ClientCredentialsSource,
  ExtensionGrantSource,
  JwtBearerSource,
  RefreshTokenSource,
  signInWithDevice,
  TokenExchangeSource,
  type AuthorizationCodeOptions,
  type DevicePrompt,
  type MutualTls,
  type TokenEndpointOptions,
} from "evertoken/oauth2"
import { SignJWT } from "jose"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Authority, selfSigned, type Credentials } from "../hostile/certificates.js"
import { APP_REDIRECT_URI, secretClients, WEB_REDIRECT_URI } from "../issuer/issuer-clients.js"
import { REGISTERED_NAME } from "../issuer/mutual-tls-port.js"
import { RealIssuer } from "../issuer/real-issuer.js"
import { ScriptedUser } from "../issuer/scripted-user.js"

let issuer: RealIssuer
let directory: string
let authority: Authority
let vouchedFor: Credentials
let registered: Credentials
beforeAll(async () => {
  authority = await Authority.create("trusted by the test")
  vouchedFor = await authority.issue({ names: [{ type: "dns", value: REGISTERED_NAME }] })
  registered = await selfSigned()
  issuer = await RealIssuer.start({ mutualTls: { authority, selfSigned: registered } })
  directory = mkdtempSync(join(tmpdir(), "evertoken-grants-"))
})
afterAll(async () => {
  await issuer.close()
  rmSync(directory, { recursive: true, force: true })
})

function presenting(method: MutualTls["method"], { cert: certificate, key }: Credentials) {
  return { clientAuthentication: { method, certificate, key }, certificateAuthority: authority.certificate }
}

/** What a platform that signs for a client writes from time to time: the issuer takes each of them once. */
async function writeClientAssertion(): Promise<void> {
  const { clientId, privateKey, keyId } = issuer.clients.privateKeyJwt
  const jwt = new SignJWT({ iss: clientId, sub: clientId, aud: issuer.url, jti: randomUUID() }).setExpirationTime("1m")
  writeFileSync(assertionFile(), await jwt.setProtectedHeader({ alg: "ES256", kid: keyId }).sign(privateKey))
}

function assertionFile(): string {
  return join(directory, "client-assertion")
}

/** The user takes some time. */
async function visit(url: string): Promise<URL | undefined> {
  await writeClientAssertion()
  return new ScriptedUser().visit(url)
}

type ClientOptions = Pick<
  TokenEndpointOptions,
  "clientId" | "clientSecret" | "clientAuthentication" | "certificateAuthority"
>

/** Every method of `clientAuthentication`, and as what the issuer sees it. */
const METHODS: readonly [string, string, () => ClientOptions | Promise<ClientOptions>][] = [
  ["client_secret_basic", "basic", () => secretClients.basic],
  [
    "client_secret_basic_raw",
    "basic",
    () => ({ ...secretClients.post, clientAuthentication: "client_secret_basic_raw" }),
  ],
  ["client_secret_post", "form", () => ({ ...secretClients.post, clientAuthentication: "client_secret_post" })],
  ["client_secret_jwt", "assertion", () => ({ ...secretClients.secretJwt, clientAuthentication: "client_secret_jwt" })],
  [
    "private_key_jwt",
    "assertion",
    () => {
      const { clientId, privateKey: key, keyId } = issuer.clients.privateKeyJwt
      return { clientId, clientAuthentication: { method: "private_key_jwt", key, keyId } }
    },
  ],
  [
    "client_assertion",
    "assertion",
    async () => {
      await writeClientAssertion()
      const assertion = { file: assertionFile() }
      const { clientId } = issuer.clients.privateKeyJwt
      return { clientId, clientAuthentication: { method: "client_assertion", assertion } }
    },
  ],
  [
    "tls_client_auth",
    "certificate",
    () => ({ ...issuer.clients.vouchedFor, ...presenting("tls_client_auth", vouchedFor) }),
  ],
  [
    "self_signed_tls_client_auth",
    "certificate",
    () => ({ ...issuer.clients.selfSigned, ...presenting("self_signed_tls_client_auth", registered) }),
  ],
  ["none", "none", () => ({ ...issuer.clients.app, clientAuthentication: "none" })],
]

const JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"

/** Every grant, and what it is called on the wire. */
const GRANTS: readonly [string, string, (options: AuthorizationCodeOptions) => Promise<Token>][] = [
  ["client credentials", "client_credentials", (options) => new ClientCredentialsSource(options).getToken()],
  [
    "refresh token",
    "refresh_token",
    async (options) => {
      const refreshToken = await issuer.issueRefreshToken({ clientId: options.clientId })
      return new RefreshTokenSource({ ...options, refreshToken }).getToken()
    },
  ],
  [
    "token exchange",
    "urn:ietf:params:oauth:grant-type:token-exchange",
    (options) => {
      const subjectToken = () => issuer.workloads.token("billing")
      const subject = { subjectToken, subjectTokenType: "jwt", subject: "billing" } as const
      return new TokenExchangeSource({ ...options, ...subject }).getToken()
    },
  ],
  [
    "JWT bearer",
    JWT_BEARER,
    (options) => {
      const assertion = { key: issuer.workloads.privateKey, issuer: issuer.workloads.platform, subject: "billing" }
      return new JwtBearerSource({ ...options, assertion }).getToken()
    },
  ],
  [
    "a grant unknown to the library",
    JWT_BEARER,
    (options) => {
      const parameters = async () => ({ assertion: await issuer.workloads.token("billing") })
      return new ExtensionGrantSource({ ...options, grantType: JWT_BEARER, parameters, subject: "billing" }).getToken()
    },
  ],
  ["authorization code", "authorization_code", (options) => signIn(options)],
  [
    "authorization code, by a pushed request",
    "authorization_code",
    (options) => signIn({ ...options, pushedAuthorizationRequest: true }),
  ],
  [
    "device code",
    "urn:ietf:params:oauth:grant-type:device_code",
    (options) => {
      // this issuer names its pages by the port that it was asked at
      const pageOf = (uri = "") => issuer.url + uri.slice(new URL(uri).origin.length)
      const onCode = ({ verificationUriComplete }: DevicePrompt) => visit(pageOf(verificationUriComplete))
      return signInWithDevice({ ...options, clock: hurried, onCode })
    },
  ],
]

async function signIn(options: AuthorizationCodeOptions): Promise<Token> {
  const flow = new AuthorizationCodeFlow(options)
  const redirectUri = options.clientAuthentication === "none" ? APP_REDIRECT_URI : WEB_REDIRECT_URI
  const pending = await flow.begin({ redirectUri })
  return flow.complete((await visit(pending.url)) ?? "nowhere", pending)
}

// the issuer may be asked every five seconds, which is no business of this test
const hurried: Clock = {
  ...systemClock,
  setTimer: (callback, delayMs, options) => systemClock.setTimer(callback, delayMs === 5_000 ? 0 : delayMs, options),
}

const isForNobody = (method: string, grant: string) => method === "none" && grant === "client credentials"

describe.each(METHODS)("a client that authenticates by %s", (method, authentication, client) => {
  const optionsOf = async () => ({ issuer: issuer.url, ...(await client()), scope: "openid api:read" })

  it.each(GRANTS.filter(([grant]) => !isForNobody(method, grant)))("has a token by %s", async (_, grantType, ask) => {
    const options = await optionsOf()
    const { clientId } = options
    const before = issuer.requests.total
    const { accessToken } = await ask(options)
    expect(await issuer.accepts(accessToken)).toBe(true)
    expect(issuer.tokenRequests.slice(before)).toMatchObject([{ grantType, clientId, authentication }])
  })

  it.each(GRANTS.filter(([grant]) => isForNobody(method, grant)))(
    "is refused a token by %s, which are for clients that have some (RFC 6749, section 4.4)",
    async (_, _grantType, ask) => {
      const outcome = ask(await optionsOf())
      await expect(outcome).rejects.toMatchObject({ code: "ERR_TOKEN_RESPONSE", transient: false })
    },
  )
})
