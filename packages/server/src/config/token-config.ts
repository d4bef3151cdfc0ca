import { z } from "zod"
import { duration } from "./duration.js"
import { secretReference } from "./secret-reference.js"

const path = z.string().min(1)
const text = z.string().min(1)

// prettier-ignore
const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"] as const

const keyFile = {
  key: path.meta({ description: "The private key's file, in PEM (PKCS #8). Read anew when it changes." }),
  keyId: text.optional(),
  algorithm: z.enum(ALGORITHMS).optional(),
}

/** How the client proves who it is: a registered name (RFC 7591), or one that needs files. */
export const clientAuthentication = z.union([
  z.enum(["client_secret_basic", "client_secret_basic_raw", "client_secret_post", "client_secret_jwt", "none"]),
  z.strictObject({ method: z.literal("private_key_jwt"), ...keyFile }),
  z.strictObject({
    method: z.literal("client_assertion"),
    assertion: path.meta({ description: "The file of a JWT that the platform writes, read anew for each request." }),
  }),
  z.strictObject({ method: z.literal("tls_client_auth"), certificate: path, key: path }),
])

const client = z.strictObject({
  id: text,
  secret: secretReference.optional(),
  authentication: clientAuthentication.optional().meta({
    description: "Default: client_secret_basic with a secret, none without.",
  }),
})

export const policy = z
  .strictObject({
    freshness: z.number().gt(0).max(1).optional(),
    refreshLead: duration.optional(),
    minimumStale: duration.optional(),
    defaultLifetime: duration.optional(),
    minimumValidity: duration.optional(),
    serveExpired: duration.optional(),
    reuseLeeway: duration.optional(),
    requestTimeout: duration.optional(),
    jitter: z.boolean().optional(),
  })
  .meta({ description: "When tokens are renewed, and for how long they are served." })

const common = {
  issuer: z.url().optional().meta({ description: "The issuer's identifier. Its metadata tell the endpoints." }),
  tokenEndpoint: z.url().optional().meta({ description: "Instead of what the issuer's metadata tell." }),
  client,
  scope: text.optional(),
  audience: text.optional(),
  resource: z.union([text, z.array(text)]).optional(),
  certificateAuthority: path.optional().meta({ description: "A file in PEM, instead of whom Node.js trusts." }),
  store: text.optional().meta({ description: "One of `stores`. Default: a file in the state directory." }),
  policy: policy.optional(),
}

const rotation = z.enum(["rotates", "none"]).optional()
const assertion = path.meta({ description: "The file of a JWT, read anew for each request." })

const tokenType = z.union([
  z.enum(["access_token", "refresh_token", "id_token", "saml1", "saml2", "jwt"]),
  z.templateLiteral([z.string(), ":", z.string()]),
])

/** One named token. */
export const tokenConfig = z.discriminatedUnion("grant", [
  z.strictObject({ grant: z.literal("client_credentials"), ...common }),
  z.strictObject({
    grant: z.literal("refresh_token"),
    ...common,
    refreshToken: secretReference.optional().meta({ description: "The first one. Without it: `evertoken set`." }),
    rotation,
  }),
  z.strictObject({
    grant: z.literal("authorization_code"),
    ...common,
    redirectPort: z.int().min(0).max(65_535).optional(),
    rotation,
  }),
  z.strictObject({ grant: z.literal("device_code"), ...common, rotation }),
  z.strictObject({ grant: z.literal("jwt_bearer"), ...common, assertion }),
  z.strictObject({
    grant: z.literal("token_exchange"),
    ...common,
    subjectToken: assertion,
    subjectTokenType: tokenType.optional(),
  }),
])

/** One named token, checked. */
export type TokenConfig = z.output<typeof tokenConfig>
/** When tokens are renewed, and for how long they are served; lengths in milliseconds. */
export type PolicyConfig = z.output<typeof policy>
