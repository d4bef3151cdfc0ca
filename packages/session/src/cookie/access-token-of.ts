import { lifetimeOf, Token } from "evertoken"

/**
 * The token that `set` was given: itself, or one of a text that is an access token and ends at `expiresAt`.
 * @throws TypeError that shows nothing of it.
 */
export function accessTokenOf(
  value: Token | string,
  { expiresAt, now }: { readonly expiresAt: number | undefined; readonly now: number },
): Token {
  if (value instanceof Token) return value
  if (typeof value !== "string") throw new TypeError("value must be a Token, or a text that is an access token")
  if (expiresAt === undefined) throw new TypeError("expiresAt must say when a text ends; a Token knows it by itself")
  if (!(expiresAt > now)) return new Token({ accessToken: value, issuedAt: now, staleAt: expiresAt, expiresAt })
  const { staleAt } = lifetimeOf({ issuedAt: now, expiresIn: (expiresAt - now) / 1000 })
  return new Token({ accessToken: value, issuedAt: now, staleAt: Math.min(staleAt, expiresAt), expiresAt })
}
