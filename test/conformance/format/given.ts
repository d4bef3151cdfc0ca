import { z } from "zod"
import { duration } from "./duration.js"

const count = z.int().nonnegative()

/** How one process uses the library. Defaults are the library's own. */
export const processOptions = z.strictObject({
  /** Names the token in the store. Default: from what the source asks for. */
  key: z.string().optional(),
  /** Whose grant it is. Default `"alice"`. */
  user: z.string().optional(),
  /** Default `"read"`. */
  scope: z.string().optional(),
  /** A memory cache of its own before the store. */
  memoryCacheFirst: z.boolean().optional(),
  /** One cached token source over another: the outer one keeps tokens in memory, the inner one in the store. */
  stacked: z.boolean().optional(),
  requestTimeout: duration.optional(),
  claimTimeout: duration.optional(),
  storeTimeout: duration.optional(),
  reuseLeeway: duration.optional(),
  minimumInterval: duration.optional(),
  minimumValidity: duration.optional(),
  serveExpired: duration.optional(),
  startTimeout: duration.optional(),
  attemptTimeout: duration.optional(),
  closeTimeout: duration.optional(),
  lazy: z.boolean().optional(),
  /** `"none"`, or the longest time to be early. Default: a tenth of the lifetime. */
  jitter: z.union([z.literal("none"), duration]).optional(),
  /** What its chance is seeded with. Default: from its name, and how often it was started. */
  seed: z.int().optional(),
})

export const issuerOptions = z.strictObject({
  /** Default `"10 min"`. */
  lifetime: duration.optional(),
  /** From the arrival of a request to the arrival of its answer. Default `"100 ms"`. */
  latency: duration.optional(),
  /** For how long a spent refresh token is taken again. Default `"0 s"`: never; the second use revokes its family. */
  leeway: duration.optional(),
  /** What a 429 asks for. Default `"30 s"`. */
  retryAfter: duration.optional(),
})

/** Where a scenario begins. */
export const given = z.strictObject({
  /**
   * `client credentials` can be repeated, `refresh token` rotates and works once, `kept refresh token` does not rotate,
   * `own login` is a function of the application. Default `"client credentials"`.
   */
  source: z.enum(["client credentials", "refresh token", "kept refresh token", "own login"]).optional(),
  /** What is in the store, from an earlier process that has ended: the token `access-1`. Default `"none"`. */
  token: z.enum(["none", "fresh", "stale", "nearly expired", "expired"]).optional(),
  /** When a token is stale, and how long one lasts of which the issuer does not say it. */
  policy: z
    .strictObject({
      freshness: z.number().optional(),
      minimumStale: duration.optional(),
      refreshLead: duration.optional(),
      defaultLifetime: duration.optional(),
    })
    .optional(),
  issuer: issuerOptions.optional(),
  /** By name, in the order in which they are told of. Default: one, `A`. */
  processes: z.record(z.string(), processOptions).optional(),
  /** How often a spent refresh token may be presented in this scenario: the last tries of the design. Default 0. */
  reuses: count.optional(),
})

export type Given = z.infer<typeof given>
export type ProcessOptions = z.infer<typeof processOptions>
export type IssuerOptions = z.infer<typeof issuerOptions>
