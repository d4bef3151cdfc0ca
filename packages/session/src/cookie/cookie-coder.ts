import type { Token } from "evertoken"

/** What a cookie says. */
export interface CookieContent {
  /** When it was written, epoch milliseconds, to the second; of a format that does not say so, when it was read. */
  readonly writtenAt: number
  /** Undefined: its format does not name the user. */
  readonly userId: string | undefined
  readonly token: Token
}

/** How a token stands in a cookie's value, which is made of nothing but cookie-octets (RFC 6265, section 4.1.1). */
export interface CookieCoder {
  /** What of it comes back from the cookie. @throws TypeError that says what is missing. */
  kept(content: CookieContent): CookieContent
  encode(content: CookieContent, endsAt: number): Promise<string>
  /** @returns `"ended"` for what was good once; `"refused"` for what never was. It rejects for no value whatever. */
  decode(value: string): Promise<CookieContent | "ended" | "refused">
}
