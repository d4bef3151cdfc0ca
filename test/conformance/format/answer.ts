import { z } from "zod"

/** What the issuer makes of a request, by name. "Processed" means that a rotating refresh token is spent by it. */
const ANSWER_NAMES = [
  "token",
  "same token",
  "refuses connection",
  "resets",
  "loses the answer",
  "hangs",
  "hangs after processing",
  "unavailable",
  "too many requests",
  "invalid_grant",
  "invalid_client",
] as const

const given = z.strictObject({
  /** Fields of the token response that are other than usual: `{ "expires_in": null }`. */
  with: z.record(z.string(), z.json()).optional(),
  /** Fields that are left out. */
  without: z.array(z.string()).optional(),
  latencyMs: z.number().nonnegative().optional(),
})

const raw = z.strictObject({
  status: z.int().min(200).max(599),
  headers: z.record(z.string(), z.string()).optional(),
  /** Text, or what is sent as JSON. */
  body: z.json().optional(),
  latencyMs: z.number().nonnegative().optional(),
})

/** One answer of the issuer. */
export const answer = z.union([z.enum(ANSWER_NAMES), raw, given])

export type Answer = z.infer<typeof answer>
