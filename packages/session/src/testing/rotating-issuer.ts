import { Token, TokenError, TokenResponseError, type TokenRequest, type TokenSource } from "evertoken"
import type { VirtualClock } from "evertoken/testing"

const HOUR_MS = 3_600_000

/** A strict issuer behind a refresh token grant: each refresh token works once, and a spent one ends the family. */
export class RotatingIssuer {
  /** The refresh tokens presented, in order. */
  readonly requests: string[] = []
  isDown = false
  /** How often it was asked, be it down or not. */
  attempts = 0
  lifetimeMs = HOUR_MS
  readonly #clock: VirtualClock
  readonly #spent = new Set<string>()
  #count = 0
  #gate: Promise<void> | undefined

  constructor(clock: VirtualClock) {
    this.#clock = clock
  }

  /** What a sign-in gives. */
  signIn(): Token {
    const n = ++this.#count
    const issuedAt = this.#clock.now()
    return new Token({
      accessToken: `access-${n}`,
      refreshToken: `refresh-${n}`,
      issuedAt,
      staleAt: issuedAt + 0.75 * this.lifetimeMs,
      expiresAt: issuedAt + this.lifetimeMs,
    })
  }

  /** From now on requests are answered when the function returned is called. */
  hold(): () => void {
    let open = () => {}
    this.#gate = new Promise((resolve) => (open = resolve))
    return () => {
      this.#gate = undefined
      open()
    }
  }

  readonly source: TokenSource = {
    fingerprint: "issuer.client",
    singleUse: true,
    getToken: async ({ previous }: TokenRequest = {}) => {
      const refreshToken = previous?.refreshToken
      if (refreshToken === undefined) {
        throw new TokenError("ERR_REAUTHENTICATION_REQUIRED", "there is no refresh token", { transient: false })
      }
      this.attempts++
      if (this.isDown) throw new TokenError("ERR_TOKEN_REQUEST", "the issuer is down", { transient: true })
      this.requests.push(refreshToken)
      const isSpent = this.#spent.has(refreshToken)
      this.#spent.add(refreshToken)
      await this.#gate
      if (isSpent) {
        throw new TokenResponseError("refused", { status: 400, error: "invalid_grant", transient: false })
      }
      return this.signIn()
    },
  }
}
