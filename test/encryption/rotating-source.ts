import { randomBytes } from "node:crypto"
import { fingerprintOf, Token, TokenError, type TokenRequest, type TokenSource } from "evertoken"

const HOUR_MS = 3_600_000

/** One user's tokens, of an issuer that rotates refresh tokens and takes each of them once. */
export class RotatingSource implements TokenSource {
  readonly fingerprint: string
  readonly singleUse = true
  /** Every access, refresh and id token that was issued. */
  readonly secrets: string[] = []
  /** How often a refresh token came that was spent, or never issued. */
  refused = 0
  /** Called while a request is under way. */
  during: (() => Promise<unknown>) | undefined
  #refreshToken: string | undefined

  constructor(user: string) {
    this.fingerprint = fingerprintOf({ grant: ["issuer", "client", user], access: [] })
  }

  async getToken({ previous }: TokenRequest = {}): Promise<Token> {
    if (previous?.refreshToken !== this.#refreshToken) {
      this.refused++
      throw new TokenError("ERR_TOKEN_SOURCE", "spent", { transient: false })
    }
    await this.during?.()
    const [accessToken, refreshToken, idToken] = [this.#issue("access"), this.#issue("refresh"), this.#issue("id")]
    this.#refreshToken = refreshToken
    const issuedAt = Date.now()
    const times = { issuedAt, staleAt: issuedAt + HOUR_MS, expiresAt: issuedAt + 2 * HOUR_MS }
    return new Token({ accessToken, refreshToken, idToken, ...times })
  }

  #issue(kind: string): string {
    const secret = `canary-${kind}-${randomBytes(12).toString("hex")}`
    this.secrets.push(secret)
    return secret
  }
}
