import { systemErrorCode, TokenError } from "./errors.js"
import { fieldProblemOf } from "./token.js"

const HARMLESS = /^[\w.$-]{1,64}$/
const SYSTEM_CODE = /^[A-Z][A-Z0-9_]{1,63}$/

/** What a token source failed with, as a `TokenError`: what it threw that is none tells its kind only. */
export function sourceFailure(error: unknown, { ambiguous }: { readonly ambiguous: boolean }): TokenError {
  const failed = (why: string) =>
    new TokenError("ERR_TOKEN_SOURCE", `the token source failed: ${why}`, { transient: true, ambiguous })
  try {
    return error instanceof TokenError ? error : failed(describeForeignError(error))
  } catch {
    return failed("what was thrown throws when it is looked at")
  }
}

/**
 * What can be told of an error that the library did not make: its name, and its code or that of the system error that
 * caused it, as with a failed `fetch`. Its message may hold a response; what is wrong with a token made is told.
 */
export function describeForeignError(error: unknown): string {
  if (!(error instanceof Error)) return `something that is no Error was thrown (${typeof error})`
  const fieldProblem = fieldProblemOf(error)
  if (fieldProblem !== undefined) return fieldProblem
  const name = HARMLESS.test(error.name) ? error.name : "Error"
  const code = systemErrorCode(error)
  if (code !== undefined && HARMLESS.test(code)) return `${name} ${code}`
  const causeCode = systemErrorCode(error.cause)
  return causeCode !== undefined && SYSTEM_CODE.test(causeCode) ? `${name} ${causeCode}` : name
}
