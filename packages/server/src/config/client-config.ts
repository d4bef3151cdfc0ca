import { z } from "zod"
import { text, type ConfigFields } from "./config-fields.js"
import { nearestName } from "./nearest-name.js"

const BY_SECRET = ["client_secret_basic", "client_secret_basic_raw", "client_secret_post", "client_secret_jwt"] as const
const NAMES = [...BY_SECRET, "none"] as const
const WITH_FILES = ["private_key_jwt", "client_assertion", "tls_client_auth"] as const

// prettier-ignore
const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"] as const

/** Who asks the issuer. */
export function clientConfig({ path, secret }: ConfigFields) {
  const privateKeyJwt = z.strictObject({
    method: z.literal("private_key_jwt"),
    key: path.meta({ description: "The file of the private key, in PEM or as JWK. Read anew for each signature." }),
    keyId: text.optional().meta({ description: "The header `kid`. Default: the JWK's own." }),
    algorithm: z.enum(ALGORITHMS).optional().meta({ description: "Default: what fits the key." }),
  })
  const clientAssertion = z.strictObject({
    method: z.literal("client_assertion"),
    assertion: path.meta({ description: "The file of a JWT that the platform writes, read anew for each request." }),
  })
  const mutualTls = z.strictObject({
    method: z.literal("tls_client_auth"),
    certificate: path.meta({ description: "The file of the certificate, in PEM. Read anew for each request." }),
    key: path.meta({ description: "The file of its private key, in PEM, without passphrase." }),
  })
  const authentication = z.union(
    [z.enum(NAMES), z.discriminatedUnion("method", [privateKeyJwt, clientAssertion, mutualTls])],
    { error: ({ input }) => notAMethod(input) },
  )
  return z
    .strictObject({
      id: text.meta({ description: "The client's identifier at the issuer (RFC 6749, section 2.2)." }),
      secret: secret.optional().meta({ description: "Where the client's secret is, as env:, file: or keyring:." }),
      authentication: authentication.optional().meta({
        description:
          "How the client proves who it is: a registered name (RFC 7591), or an object where it needs files. " +
          "Default: client_secret_basic with a secret, none without.",
      }),
    })
    .superRefine(({ id, secret, authentication }, context) => {
      if (authentication === undefined) return
      const method = typeof authentication === "string" ? authentication : authentication.method
      const needsSecret = BY_SECRET.some((name) => name === method)
      const issue = (field: string, message: string) => context.addIssue({ code: "custom", path: [field], message })
      if (needsSecret && secret === undefined) issue("secret", `is missing: ${method} needs it`)
      if (!needsSecret && secret !== undefined) issue("secret", `is not used by ${method}: leave one of them out`)
      if (method === "client_secret_basic_raw" && id.includes(":")) {
        issue("id", "must not hold a colon with client_secret_basic_raw (RFC 7617)")
      }
    })
}

function notAMethod(input: unknown): string {
  if (WITH_FILES.some((name) => name === input)) {
    return "needs its files: write it as an object of `method` and these (see the schema)"
  }
  const nearest = typeof input === "string" ? nearestName(input, [...NAMES, ...WITH_FILES]) : undefined
  const hint = nearest === undefined ? "" : `: did you mean \`${nearest}\`?`
  return `must be one of ${NAMES.join(", ")}, or an object whose method is one of ${WITH_FILES.join(", ")}${hint}`
}
