import { fingerprintOf, hashOf, type TokenRequest, type TokenSource } from "../../token-source.js"
import { TokenError } from "../../errors.js"
import type { Token } from "../../token.js"
import type { StrictIssuer } from "./strict-issuer.js"

export interface ScriptedSourceOptions {
  /** Refresh token grant with this first token; without it client credentials. */
  readonly refreshToken?: string | undefined
  /** Default: with a refresh token. */
  readonly singleUse?: boolean | undefined
  readonly subject?: string | undefined
  readonly scope?: string | undefined
}

/** What `RefreshTokenSource` and `ClientCredentialsSource` are, without the wire. */
export class ScriptedSource implements TokenSource {
  readonly fingerprint: string
  readonly singleUse: boolean
  readonly lineage: string | undefined
  readonly #issuer: StrictIssuer
  readonly #refreshToken: string | undefined

  constructor(issuer: StrictIssuer, options: ScriptedSourceOptions = {}) {
    const { refreshToken, subject = "subject", scope = "read write" } = options
    this.#issuer = issuer
    this.#refreshToken = refreshToken
    this.singleUse = options.singleUse ?? refreshToken !== undefined
    this.fingerprint = fingerprintOf({ grant: ["issuer", "client", subject], access: [scope] })
    this.lineage = refreshToken === undefined ? undefined : hashOf(refreshToken)
  }

  async getToken({ previous, signal }: TokenRequest = {}): Promise<Token> {
    if (this.#refreshToken === undefined && !this.singleUse) return this.#issuer.request(undefined, signal)
    const refreshToken = previous?.refreshToken ?? this.#refreshToken
    if (refreshToken !== undefined) {
      const token = await this.#issuer.request(refreshToken, signal)
      return previous?.refreshToken === undefined
        ? token.with({ refreshToken: token.refreshToken ?? refreshToken })
        : token
    }
    throw new TokenError("ERR_REAUTHENTICATION_REQUIRED", "there is no refresh token", { transient: false })
  }
}
