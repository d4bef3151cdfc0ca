import { z } from "zod"
import { authorizationParameters } from "./authorization-parameters.js"
import { clientConfig } from "./client-config.js"
import { text, type ConfigFields } from "./config-fields.js"
import { duration, waitingTime } from "./duration.js"
import { issuerUrl, secureUrl } from "./issuer-url.js"

export const policy = z
  .strictObject({
    freshness: z.number().gt(0).max(1).optional().meta({
      description: "The share of its lifetime for which a token is fresh. Default 0.75.",
    }),
    refreshLead: duration.optional().meta({
      description: "Instead of freshness: how long before its end a token is renewed, at most half of its lifetime.",
    }),
    minimumStale: duration.optional().meta({
      description: "The least time between the first attempt and the token's end. Default 30s.",
    }),
    defaultLifetime: waitingTime.optional().meta({
      description: "The lifetime of a token whose issuer tells none. Default 5m.",
    }),
    minimumValidity: duration.optional().meta({ description: "What is handed out is good for so long. Default 0s." }),
    serveExpired: duration.optional().meta({
      description: "For how long a token is handed out after its end while no newer one can be had. Default 0s.",
    }),
    reuseLeeway: duration.optional().meta({
      description: "For how long the issuer takes a spent refresh token again. Default 0s, which is always right.",
    }),
    requestTimeout: waitingTime.optional().meta({ description: "For one request to the issuer. Default 10s." }),
    jitter: z.boolean().optional().meta({ description: "Whether the moments of renewals are spread. Default true." }),
  })
  .meta({ description: "When tokens are renewed, and for how long they are served." })

const absoluteUri = z
  .string()
  .refine((uri) => URL.canParse(uri) && !uri.includes("#"), "must be an absolute URI without a fragment (RFC 8707)")

const resource = z.union([absoluteUri, z.array(absoluteUri).min(1)], {
  error: "must be an absolute URI, or a list of them",
})

const rotation = z.enum(["rotates", "none"]).optional().meta({
  description:
    "`none`: the issuer lets a refresh token be used again and again. Default: rotates, which is always safe.",
})

const TYPES = ["access_token", "refresh_token", "id_token", "saml1", "saml2", "jwt"] as const
const tokenType = z.union([z.enum(TYPES), z.templateLiteral([z.string(), ":", z.string()])], {
  error: `must be one of ${TYPES.join(", ")}, or an absolute URI`,
})

/** One named token. */
export function tokenConfig(fields: ConfigFields) {
  const common = {
    issuer: issuerUrl.optional().meta({
      description: "The issuer's identifier, an https URL. Its metadata tell the endpoints.",
      examples: ["https://id.example.com"],
    }),
    tokenEndpoint: secureUrl.optional().meta({ description: "Instead of what the issuer's metadata tell." }),
    client: clientConfig(fields).meta({ description: "Who asks the issuer." }),
    scope: text.optional().meta({ description: "Separated by spaces.", examples: ["invoices:read invoices:write"] }),
    audience: text.optional().meta({ description: "For whom the token is, by a name that the issuer knows." }),
    resource: resource.optional().meta({ description: "For what the token is: one URI or several (RFC 8707)." }),
    certificateAuthority: fields.path.optional().meta({
      description: "The file of certificates, in PEM, to trust at the issuer, instead of those that Node.js trusts.",
    }),
    store: fields.storeName.optional().meta({
      description: "One of `stores`. Default: file, which is a file in the state directory.",
    }),
    policy: policy.optional(),
  }
  const assertion = fields.path
  return z
    .discriminatedUnion("grant", [
      z.strictObject({ grant: grantOf("client_credentials", "The client's own tokens."), ...common }),
      z.strictObject({
        grant: grantOf("refresh_token", "Renewed by a refresh token that you have from elsewhere."),
        ...common,
        refreshToken: fields.secret.optional().meta({ description: "The first one. Without it: `evertoken set`." }),
        rotation,
      }),
      z.strictObject({
        grant: grantOf("authorization_code", "A person signs in, in a browser of this machine."),
        ...common,
        parameters: authorizationParameters.optional().meta({
          description:
            "What the issuer is told besides, where it gives a refresh token only then: prompt: consent; access_type: offline (Google).",
          examples: [{ prompt: "consent", access_type: "offline" }],
        }),
        redirectPort: z.int().min(0).max(65_535).optional().meta({
          description:
            "The port of http://127.0.0.1:PORT/callback, where the browser comes back. Default: one that is free.",
        }),
        rotation,
      }),
      z.strictObject({
        grant: grantOf("device_code", "A person signs in, on another device (RFC 8628)."),
        ...common,
        rotation,
      }),
      z.strictObject({
        grant: grantOf("jwt_bearer", "For a JWT that says on whose behalf (RFC 7523)."),
        ...common,
        assertion: assertion.meta({ description: "The file of a JWT, read anew for each request." }),
      }),
      z.strictObject({
        grant: grantOf("token_exchange", "In exchange for another token (RFC 8693)."),
        ...common,
        subjectToken: assertion.meta({ description: "The file of the other token, read anew for each request." }),
        subjectTokenType: tokenType.optional().meta({
          description: `What kind of token that is: ${TYPES.join(", ")}, or a URI. Default: jwt.`,
        }),
      }),
    ])
    .superRefine(({ grant, issuer, tokenEndpoint, client }, context) => {
      const issue = (path: string[], message: string) => context.addIssue({ code: "custom", path, message })
      const isSignIn = grant === "authorization_code" || grant === "device_code"
      if (isSignIn && issuer === undefined) {
        issue(["issuer"], "is missing: its metadata tell where people sign in; a tokenEndpoint alone does not")
      } else if (issuer === undefined && tokenEndpoint === undefined) {
        issue(["issuer"], "is missing: give the issuer's https URL, or a tokenEndpoint")
      }
      if (grant === "client_credentials" && client.secret === undefined && client.authentication === undefined) {
        const message = "is missing: this grant is for clients that prove who they are (or say `authentication: none`)"
        issue(["client", "secret"], message)
      }
    })
}

function grantOf<Name extends string>(name: Name, description: string) {
  return z.literal(name).meta({ description })
}

/** One named token, checked. */
export type TokenConfig = z.output<ReturnType<typeof tokenConfig>>
/** When tokens are renewed, and for how long they are served; lengths in milliseconds. */
export type PolicyConfig = z.output<typeof policy>
