import type { Token, TokenError } from "evertoken"
import { z } from "zod"
import type { TokenConfig } from "../config/token-config.js"
import { hintFor } from "./token-hint.js"

const at = z.number().meta({ description: "Epoch milliseconds." })

/** How a named token is doing. Without secrets: for lists, events and the dashboard. */
export const tokenStatus = z.object({
  name: z.string(),
  grant: z.string(),
  issuer: z.string().optional(),
  clientId: z.string(),
  scope: z.string().optional(),
  store: z.string(),
  isEncrypted: z.boolean(),
  status: z.enum([
    "starting",
    "fresh",
    "stale",
    "expired",
    "reauthentication-required",
    "misconfigured",
    "signed-out",
    "closed",
  ]),
  isRenewing: z.boolean(),
  issuedAt: at.optional(),
  staleAt: at.optional(),
  expiresAt: at.optional(),
  nextRenewalAt: at.optional(),
  isRenewable: z
    .boolean()
    .optional()
    .meta({ description: "False: nothing renews it. Once it ends, a person is needed." }),
  attempts: z.int().meta({ description: "Failures since the last success." }),
  lastError: z
    .object({ code: z.string(), message: z.string(), hint: z.string(), transient: z.boolean(), at })
    .optional()
    .meta({ description: "The last failure, until a renewal succeeds." }),
  canSignIn: z.boolean().meta({ description: "Whether a person can repair it by signing in." }),
  isSigningIn: z.boolean(),
  signInError: z.string().optional().meta({ description: "Why the last sign-in failed." }),
})

export type TokenStatus = z.output<typeof tokenStatus>

/** Whether a token can be renewed without a person: by the client's own grant, or by a refresh token. Undefined: there is none. */
export function isRenewable(config: TokenConfig, token: Token | undefined): boolean | undefined {
  if (token === undefined) return undefined
  const { grant } = config
  if (grant === "refresh_token" && config.refreshToken !== undefined) return true
  const isByRefreshToken = grant === "refresh_token" || grant === "authorization_code" || grant === "device_code"
  return !isByRefreshToken || token.refreshToken !== undefined
}

/** What a failure was, and what to do about it. */
export function errorReport(
  error: TokenError,
  { at: failedAt, ...token }: { readonly name: string; readonly canSignIn: boolean; readonly at: number },
): NonNullable<TokenStatus["lastError"]> {
  const { code, message, transient } = error
  return { code, message, hint: hintFor(error, token), transient, at: failedAt }
}
