import { Token, type Clock } from "evertoken"
import type { CookieCoder, CookieContent } from "./cookie-coder.js"

// the last moment that a Date can have: nobody here knows a nearer one
const UNKNOWN_END = 8.64e15
// what no cookie-octet is (RFC 6265, section 4.1.1), and the sign that stands for it
const ENCODED = /["%,;\\]/g

/**
 * The access token as it is: `encodeURIComponent` of the few characters that no cookie may have, so that whatever else
 * reads cookies reads the token. It says neither who the user is nor when it ends: that, the browser knows.
 */
export class OpaqueCookie implements CookieCoder {
  readonly #clock: Clock

  constructor({ clock }: { readonly clock: Clock }) {
    this.#clock = clock
  }

  kept({ token, writtenAt }: CookieContent): CookieContent {
    const { accessToken, issuedAt, staleAt, expiresAt } = token
    return { userId: undefined, writtenAt, token: new Token({ accessToken, issuedAt, staleAt, expiresAt }) }
  }

  async encode({ token }: CookieContent): Promise<string> {
    return token.accessToken.replace(ENCODED, (character) => encodeURIComponent(character))
  }

  async decode(value: string): Promise<CookieContent | "refused"> {
    try {
      const now = this.#clock.now()
      const times = { issuedAt: now, staleAt: UNKNOWN_END, expiresAt: UNKNOWN_END }
      const token = new Token({ accessToken: decodeURIComponent(value), ...times })
      return { userId: undefined, writtenAt: now, token }
    } catch {
      return "refused"
    }
  }
}
