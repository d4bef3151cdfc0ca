import type { HeldToken } from "./token-lifetime.js"
import type { TokenRequest } from "./token-source.js"

/** What a caller, or a flight on behalf of callers, needs of a token. */
export type TokenNeed = Pick<TokenRequest, "newerThan" | "minimumValidityMs">

/** Whether this token will do: unexpired, newer and different if a newer one is asked for, valid for long enough. */
export function satisfies(held: HeldToken, need: TokenNeed): boolean {
  if (held.isExpired()) return false
  if (need.newerThan !== undefined && !isNewer(held, need.newerThan)) return false
  const { minimumValidityMs = 0 } = need
  return held.leftMs() >= minimumValidityMs || held.status(minimumValidityMs) === "fresh"
}

function isNewer({ token }: HeldToken, than: NonNullable<TokenNeed["newerThan"]>): boolean {
  if (token.accessToken === than.accessToken) return false
  if (token.version === undefined || than.version === undefined) return true
  return token.version.generation >= than.version.generation
}
