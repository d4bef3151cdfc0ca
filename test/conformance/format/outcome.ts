import { z } from "zod"
import { duration } from "./duration.js"

export const range = z.strictObject({ from: duration, to: duration })

export type Range = z.infer<typeof range>

/** What an error is, besides its code. */
export const errorDetails = z.strictObject({
  transient: z.boolean().optional(),
  /** `retryAfterMs`. */
  retryAfter: range.optional(),
  /** The code of its cause. */
  cause: z.string().optional(),
  status: z.int().optional(),
  /** `error` of an OAuth error response. */
  oauth: z.string().optional(),
})

export type ErrorDetails = z.infer<typeof errorDetails>

/** How an operation ends. Without `gives` and `fails` it has to succeed. */
export const outcome = {
  /** The name of the token it gives: `"access-2"`. */
  gives: z.string().optional(),
  /** The code of the error it fails with, or its name where it has none (`"AbortError"`). */
  fails: z.string().optional(),
  error: errorDetails.optional(),
  /** The longest time that may pass until it ends. Default `"1 min"`. */
  within: duration.optional(),
}

/** An operation, which may also be begun now and awaited later. */
export const operation = {
  ...outcome,
  /** Begins it under this name, and waits for nothing. */
  as: z.string().optional(),
  /** By so many callers at once. Every one of them ends as told. Default 1. */
  times: z.int().positive().optional(),
}

export interface ExpectedOutcome {
  readonly gives?: string | undefined
  readonly fails?: string | undefined
  readonly error?: ErrorDetails | undefined
  readonly within?: string | undefined
}

export interface OperationStep extends ExpectedOutcome {
  readonly as?: string | undefined
  readonly times?: number | undefined
}
