import { TokenError, TokenResponseError } from "evertoken"
import { toMs } from "../format/duration.js"
import type { ErrorDetails, ExpectedOutcome, Range } from "../format/outcome.js"
import type { Ending } from "./operation.js"
import { nameOf } from "./secret-names.js"

/** Something that is not as it was expected. */
export interface Mismatch {
  readonly what: string
  readonly expected: string
  readonly seen: string
}

/** Compares how a call has ended; undefined: it has not. */
export function endingMismatches(ending: Ending | undefined, expected: ExpectedOutcome): readonly Mismatch[] {
  const { gives, fails, error: details = {} } = expected
  const wanted = fails === undefined ? (gives ?? "success") : `failure with ${fails}`
  const seen = describeEnding(ending)
  const isAsWanted =
    fails === undefined ? isSuccess(ending, gives) : ending?.error !== undefined && codeOf(ending.error) === fails
  if (!isAsWanted) return [{ what: "outcome", expected: wanted, seen }]
  return fails === undefined ? [] : detailMismatches(ending?.error, details)
}

function isSuccess(ending: Ending | undefined, gives: string | undefined): boolean {
  if (ending === undefined || ending.error !== undefined) return false
  return gives === undefined || nameOf(ending.token?.accessToken) === gives
}

function describeEnding(ending: Ending | undefined): string {
  if (ending === undefined) return "nothing yet: it is still under way"
  if (ending.error !== undefined) return `failure with ${codeOf(ending.error)}${messageOf(ending.error)}`
  return ending.token === undefined ? "success" : nameOf(ending.token.accessToken)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? ` (${error.message})` : ""
}

/** The code of a `TokenError`, the name of any other error. */
export function codeOf(error: unknown): string {
  if (error instanceof TokenError) return error.code
  return error instanceof Error ? error.name : typeof error
}

function detailMismatches(error: unknown, details: ErrorDetails): readonly Mismatch[] {
  const token = error instanceof TokenError ? error : undefined
  const response = responseIn(error)
  const { cause }: { readonly cause?: unknown } = token ?? {}
  const equal = [
    ["transient", details.transient, token?.transient],
    ["the code of its cause", details.cause, cause === undefined ? "none" : codeOf(cause)],
    ["status", details.status, response?.status],
    ["the OAuth error", details.oauth, response?.error],
  ] as const
  const mismatches = equal.flatMap(([what, expected, seen]) =>
    expected === undefined || expected === seen
      ? []
      : [{ what: `error: ${what}`, expected: String(expected), seen: String(seen) }],
  )
  return [
    ...mismatches,
    ...(details.retryAfter === undefined
      ? []
      : inRange("error: retryAfterMs", details.retryAfter, token?.retryAfterMs)),
  ]
}

// the library wraps what the issuer said
function responseIn(error: unknown): TokenResponseError | undefined {
  if (error instanceof TokenResponseError) return error
  return error instanceof Error && error.cause !== undefined ? responseIn(error.cause) : undefined
}

/** Compares a time with a range. */
export function inRange(what: string, { from, to }: Range, seenMs: number | undefined): readonly Mismatch[] {
  if (seenMs !== undefined && seenMs >= toMs(from) && seenMs <= toMs(to)) return []
  const seen = seenMs === undefined ? "none" : `${Math.round(seenMs)} ms`
  return [{ what, expected: `from ${from} to ${to}`, seen }]
}
