import { z } from "zod"
import { range } from "./outcome.js"

const count = z.int().nonnegative()
const counted = z.union([count, z.strictObject({ atLeast: count.optional(), atMost: count.optional() })])

export type Counted = z.infer<typeof counted>

const STATUSES = [
  "starting",
  "fresh",
  "stale",
  "expired",
  "reauthentication-required",
  "misconfigured",
  "signed-out",
  "closed",
] as const

export const EVENT_NAMES = [
  "renewed",
  "adopted",
  "renewal-failed",
  "waiting",
  "cache-failed",
  "unwritten",
  "lifetime-assumed",
  "clock-stepped",
] as const

/** What is to be so at this point. */
export const expectation = z.strictObject({
  /** Whose token, state and store. Default: the first process. */
  of: z.string().optional(),
  /** How often the issuer was asked since the scenario began. */
  requests: counted.optional(),
  /** The refresh tokens that were presented since then, in order. */
  presented: z.array(z.string()).optional(),
  /** How many grants of users the issuer still honours. */
  liveGrants: count.optional(),
  /** What is in the store under the key of the process. */
  store: z
    .strictObject({
      /** A name; `"none"`: nothing, or a mark that somebody signed out. */
      token: z.string().optional(),
      refreshToken: z.string().optional(),
      signedOut: z.boolean().optional(),
      scope: z.string().optional(),
      lifetime: range.optional(),
    })
    .optional(),
  status: z.enum(STATUSES).optional(),
  renewing: z.boolean().optional(),
  attempts: counted.optional(),
  /** A code, or `"none"`. */
  lastError: z.string().optional(),
  /** From now; `"none"`: none is planned. */
  nextRenewal: z.union([range, z.literal("none")]).optional(),
  /** All that `token$` has told to a subscriber that was there from the start. */
  emitted: z.array(z.string()).optional(),
  /** How often each event was published since the scenario began. */
  events: z.partialRecord(z.enum(EVENT_NAMES), counted).optional(),
  /** Operations begun by `as` that have not ended. */
  pending: z.array(z.string()).optional(),
})

export type Expectation = z.infer<typeof expectation>
