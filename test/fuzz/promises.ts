import { inspect } from "node:util"
import { TokenError, type TokenErrorCode } from "../../packages/evertoken/src/errors.js"
import { deserializeToken, serializeToken, type Token } from "../../packages/evertoken/src/token.js"

/** Stands in the inputs wherever a secret would. */
export const CANARY = "q7Zx*canary!9Kp2w"

export function promise(isKept: boolean, what: string): asserts isKept {
  if (!isKept) throw new Error(`broken promise: ${what}`)
}

// shorter stretches turn up by chance where an input is cut into pieces
const TELLING = 8

/** Nothing of the canary can be read from it. */
export function promiseUntold(value: unknown, what: string): void {
  promise(!tells(value), `${what} tells nothing of a secret`)
}

function tells(value: unknown): boolean {
  const shown = value instanceof Error ? `${value.message} ${inspect(value, { depth: 9 })}` : inspect(value)
  const windows = Array.from({ length: CANARY.length - TELLING + 1 }, (_, at) => CANARY.slice(at, at + TELLING))
  return windows.some((window) => shown.includes(window))
}

/** It is a failure as it is documented. */
export function promiseTokenError(error: unknown, codes: readonly TokenErrorCode[]): asserts error is TokenError {
  promise(error instanceof TokenError, `a failure is a TokenError, not ${describe(error)}`)
  promise(codes.includes(error.code), `the code is one of ${codes.join(", ")}, not ${error.code}`)
  const { retryAfterMs = 0 } = error
  promise(Number.isFinite(retryAfterMs) && retryAfterMs >= 0, `retryAfterMs is a number of milliseconds`)
  promise(error.cause === undefined, "a foreign error is no cause")
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : typeof error
}

const TEN_YEARS_MS = 10 * 365 * 24 * 3600 * 1000

/** It can be presented, printed and kept, whatever it was made of. */
export function promiseToken(token: Token): void {
  // throws if it could split a header
  new Headers({ authorization: token.authorization })
  promise(/^[\w.+-]+ [\x21-\x7e]*$/.test(token.authorization), "a token is one word of visible ASCII after its type")
  promise(Number.isFinite(token.issuedAt + token.staleAt + token.expiresAt), "times are finite")
  promise(token.toString().includes("[redacted]"), "a token is not printed")
  const shows = [token.scope, token.tokenType, token.version]
  if (!tells(shows)) promiseUntold(token, "a token that is printed")
  const again = deserializeToken(JSON.parse(JSON.stringify(serializeToken(token))))
  promise(sameFields(again, token), "a token survives being kept")
}

/** As {@link promiseToken}, and its times are in order: it has just been issued. */
export function promiseIssued(token: Token): void {
  promiseToken(token)
  const { issuedAt, staleAt, expiresAt } = token
  promise(issuedAt <= staleAt && staleAt <= expiresAt && issuedAt < expiresAt, "issued, then stale, then expired")
  promise(expiresAt - issuedAt <= TEN_YEARS_MS, "no token lasts longer than ten years")
}

function sameFields(a: Token, b: Token): boolean {
  return JSON.stringify(serializeToken(a)) === JSON.stringify(serializeToken(b))
}
