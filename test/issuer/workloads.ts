import { generateKeyPairSync, randomUUID, type KeyObject } from "node:crypto"
import { jwtVerify, SignJWT } from "jose"
import type { Provider } from "oidc-provider"
import { loadOidcProvider } from "./issuer-provider.js"

const PLATFORM = "https://cluster.example.test"
const TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
const JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"

/** A platform that an issuer trusts: it vouches for workloads by tokens, each of which the issuer takes once. */
export class Workloads {
  readonly platform = PLATFORM
  readonly privateKey: KeyObject
  readonly #publicKey: KeyObject
  readonly #issuer: string
  readonly #seen = new Set<unknown>()
  readonly #taken: string[] = []

  private constructor(issuer: string) {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
    this.privateKey = privateKey
    this.#publicKey = publicKey
    this.#issuer = issuer
  }

  /** Lets the provider take tokens of the platform, by token exchange (RFC 8693) and as JWT bearer (RFC 7523). */
  static async trustedBy(provider: Provider): Promise<Workloads> {
    const { errors } = await loadOidcProvider()
    const workloads = new Workloads(provider.issuer)
    for (const [grantType, name] of [
      [TOKEN_EXCHANGE, "subject_token"],
      [JWT_BEARER, "assertion"],
    ] as const) {
      const parameters = ["scope", "subject_token", "subject_token_type", "assertion"]
      provider.registerGrantType(
        grantType,
        async (ctx) => {
          const { client } = ctx.oidc
          const params: Readonly<Record<string, unknown>> = ctx.oidc.params
          await workloads.#take(params[name]).catch(() => {
            throw new errors.InvalidGrant(`the ${name} is not of a workload that is known, or was seen before`)
          })
          const scope = typeof params["scope"] === "string" ? params["scope"] : undefined
          const token = new provider.ClientCredentials({ client, scope })
          ctx.body = {
            access_token: await token.save(),
            issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
            token_type: "Bearer",
            expires_in: token.expiration,
            scope,
          }
        },
        parameters,
      )
    }
    return workloads
  }

  /** The subjects whose tokens were taken. */
  get taken(): readonly string[] {
    return this.#taken
  }

  /** What a platform writes into a workload's file. */
  async token(subject: string): Promise<string> {
    return await new SignJWT({ jti: randomUUID() })
      .setProtectedHeader({ alg: "ES256" })
      .setIssuer(PLATFORM)
      .setSubject(subject)
      .setAudience(this.#issuer)
      .setIssuedAt()
      .setExpirationTime("10m")
      .sign(this.privateKey)
  }

  async #take(jwt: unknown): Promise<void> {
    const options = { issuer: PLATFORM, audience: this.#issuer, requiredClaims: ["sub", "jti", "exp"] }
    const { payload } = await jwtVerify(String(jwt), this.#publicKey, options)
    if (this.#seen.has(payload.jti)) throw new Error("it was seen before")
    this.#seen.add(payload.jti)
    this.#taken.push(String(payload.sub))
  }
}
