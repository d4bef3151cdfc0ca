import { TokenError } from "../errors.js"

/** What may be over by itself. */
export function failure(name: string, message: string): TokenError {
  return new TokenError("ERR_TOKEN_CACHE", `${name}: ${message}`, { transient: true })
}

/** What only a person can mend. */
export function refusal(name: string, message: string): TokenError {
  return new TokenError("ERR_TOKEN_CACHE", `${name}: ${message}`, { transient: false })
}
