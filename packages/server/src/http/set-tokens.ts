import { z } from "zod"
import type { NamedToken } from "../tokens/named-token.js"
import type { TokenStatus } from "../tokens/token-status.js"
import { Refusal } from "./refusal.js"

export const tokensToSet = z
  .strictObject({
    accessToken: z.string().min(1).optional(),
    refreshToken: z.string().min(1).optional(),
    expiresAt: z.int().optional().meta({ description: "Of the access token, in epoch milliseconds." }),
    scope: z.string().min(1).optional(),
  })
  .meta({ description: "An access token, a refresh token, or both." })

/** @throws Refusal naming the field. TokenError. */
export async function setTokens(named: NamedToken, fields: z.output<typeof tokensToSet>): Promise<TokenStatus> {
  try {
    await named.set(fields)
  } catch (error) {
    throw error instanceof TypeError ? new Refusal("ERR_BAD_REQUEST", `body: ${error.message}`) : error
  }
  return named.status
}
