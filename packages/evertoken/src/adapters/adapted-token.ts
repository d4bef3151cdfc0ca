import { TokenError } from "../errors.js"
import type { TokenSource } from "../token-source.js"
import type { Token } from "../token.js"

/** @throws TypeError unless `source` can be asked at every request. */
export function assertAdaptable(source: TokenSource): void {
  const given: unknown = source
  if (typeof given !== "object" || given === null || typeof Reflect.get(given, "getToken") !== "function") {
    throw new TypeError("source must be a token source, with getToken()")
  }
  if (source.singleUse) {
    throw new TypeError(
      "source spends a refresh token that works once: wrap it in a CachedTokenSource with a durable cache",
    )
  }
}

/** The token itself, if it can be presented by itself. @throws TokenError `ERR_TOKEN_SOURCE` if it is bound to a key. */
export function asBearer(token: Token): Token {
  if (token.tokenType === "Bearer") return token
  const message = `the SDK presents bearer tokens (RFC 6750); the source gave one of the type ${token.tokenType}`
  throw new TokenError("ERR_TOKEN_SOURCE", message, { transient: false })
}
