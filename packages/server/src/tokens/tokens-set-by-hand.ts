import { lifetimeOf, Token, type LifetimePolicy } from "evertoken"

/** Tokens that somebody has from elsewhere: an access token, a refresh token, or both. */
export interface TokensSetByHand {
  readonly accessToken?: string | undefined
  readonly refreshToken?: string | undefined
  /** Of the access token, in epoch milliseconds. Default: as if the issuer had not said. */
  readonly expiresAt?: number | undefined
  readonly scope?: string | undefined
}

// never presented: it ended long ago, and is renewed by its refresh token before it is read
const OVER = { accessToken: "none", issuedAt: 0, staleAt: 0, expiresAt: 1 }

/** @throws TypeError naming the field. */
export function tokenSetByHand(fields: TokensSetByHand, now: number, policy: LifetimePolicy): Token {
  const { accessToken, refreshToken, expiresAt, scope } = fields
  if (accessToken === undefined) {
    if (refreshToken === undefined) throw new TypeError("accessToken or refreshToken is required")
    return new Token({ ...OVER, refreshToken, scope })
  }
  if (expiresAt !== undefined && expiresAt <= now) throw new TypeError("expiresAt must be in the future")
  const expiresIn = expiresAt === undefined ? undefined : (expiresAt - now) / 1_000
  return new Token({
    accessToken,
    refreshToken,
    scope,
    issuedAt: now,
    ...lifetimeOf({ issuedAt: now, expiresIn }, policy),
  })
}
