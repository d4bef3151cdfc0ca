import { stringifySetCookie } from "cookie"

export interface CookieAttributes {
  readonly sameSite: "strict" | "lax" | "none"
}

/** As many bytes as the attributes below have at most: `SameSite=Strict`, and an age of eight digits. */
export const ATTRIBUTE_BYTES = 100
// browsers keep no cookie for longer (RFC 6265bis, section 5.5)
const LONGEST_SECONDS = 400 * 24 * 3600

/** For how long the browser is to keep it: never past `endsAt`. Zero: not at all. */
export function maxAgeOf(endsAt: number, now: number): number {
  return Math.max(0, Math.min(Math.floor((endsAt - now) / 1000), LONGEST_SECONDS))
}

/**
 * The value of a header `Set-Cookie`. HttpOnly, Secure, of this host alone and for all its paths: what the prefixes
 * `__Host-` and `__Secure-` demand (RFC 6265bis, section 4.1.3).
 * @param maxAge seconds; zero removes it
 */
export function setCookieHeader(
  [name, value]: readonly [name: string, value: string],
  { sameSite, maxAge, now }: CookieAttributes & { readonly maxAge: number; readonly now: number },
): string {
  // some take the one, some the other: they say the same
  const expires = maxAge === 0 ? new Date(0) : new Date(now + maxAge * 1000)
  const attributes = { maxAge, expires, path: "/", httpOnly: true, secure: true, sameSite }
  return stringifySetCookie({ name, value, ...attributes }, { encode: (text) => text })
}
