import { TokenError } from "../errors.js"
import { assertOptions, type OptionNames } from "../options-object.js"
import { hashOf, type TokenRequest, type TokenSource } from "../token-source.js"
import type { Token } from "../token.js"
import { assertText } from "./text-option.js"
import { TOKEN_ENDPOINT_OPTIONS, type TokenEndpointOptions } from "./token-endpoint-options.js"
import { TokenEndpoint } from "./token-endpoint.js"

export interface RefreshTokenOptions extends TokenEndpointOptions {
  /** The first one. After it, the one in the cache's record is used. Without it, the record must have one already. */
  readonly refreshToken?: string | undefined
  /**
   * `"rotates"`: the issuer may give a new refresh token with each use and refuse the old one; then the source needs a
   * durable cache. `"none"`: it always keeps the same. Default `"rotates"`.
   */
  readonly rotation?: "rotates" | "none" | undefined
  /**
   * Whose grant it is: needed where one client has those of several users in one cache, or each would take the other's
   * place. Any text; only its hash is kept.
   */
  readonly subject?: string | undefined
}

const NAMES: OptionNames<RefreshTokenOptions> = {
  ...TOKEN_ENDPOINT_OPTIONS,
  refreshToken: true,
  rotation: true,
  subject: true,
}

/**
 * A user's tokens by refresh token (RFC 6749, section 6): each call spends one. Holds no state: the refresh token is
 * that of `request.previous`, or the configured one. Wrap it in a `CachedTokenSource`, which keeps what comes back.
 */
export class RefreshTokenSource implements TokenSource {
  readonly fingerprint: string
  readonly singleUse: boolean
  readonly lineage: string | undefined
  readonly #endpoint: TokenEndpoint
  readonly #refreshToken: string | undefined

  /** @throws TypeError that names the option, and shows nothing of a secret. */
  constructor(options: RefreshTokenOptions) {
    assertOptions("RefreshTokenSource", options, NAMES)
    const { refreshToken, rotation = "rotates", subject } = options
    assertRotation(rotation)
    if (subject !== undefined) assertText("subject", subject)
    if (refreshToken !== undefined) assertRefreshToken(refreshToken)
    this.#endpoint = new TokenEndpoint(options)
    this.#refreshToken = refreshToken
    this.fingerprint = this.#endpoint.fingerprint(subject)
    this.singleUse = rotation === "rotates"
    this.lineage = refreshToken === undefined ? undefined : hashOf(refreshToken)
  }

  /** Finds the issuer's metadata, so that a refresh token is on its way as soon as it may be spent. */
  prepare(signal: AbortSignal): Promise<void> {
    return this.#endpoint.prepare(signal)
  }

  /**
   * @returns a promise that rejects with a `TokenError`: `ERR_REAUTHENTICATION_REQUIRED` if there is no refresh token,
   * else as `ClientCredentialsSource` does; an answer that is unusable but for its refresh token has this salvaged.
   */
  async getToken({ previous, signal }: TokenRequest = {}): Promise<Token> {
    const refreshToken = previous?.refreshToken ?? this.#refreshToken
    if (refreshToken === undefined) {
      throw noRefreshToken()
    }
    const parameters = { refresh_token: refreshToken }
    const token = await this.#endpoint.request({ grantType: "refresh_token", parameters, signal })
    // RFC 6749, section 6: without a new one the old one stays in force; the renewal carries forward its record's
    const isConfigured = previous?.refreshToken === undefined
    return isConfigured && token.refreshToken === undefined ? token.with({ refreshToken }) : token
  }
}

function noRefreshToken(): TokenError {
  const message =
    "no refresh token is kept, and refreshToken gives none (is what it comes from set?): " +
    "a new sign-in, or a new refresh token, is needed"
  return new TokenError("ERR_REAUTHENTICATION_REQUIRED", message, { transient: false })
}

function assertRotation(value: unknown): void {
  if (value !== "rotates" && value !== "none") throw new TypeError('rotation must be "rotates" or "none"')
}

// RFC 6749, appendix A.17
function assertRefreshToken(value: unknown): void {
  if (typeof value === "string" && /^[\x20-\x7e]+$/.test(value)) return
  throw new TypeError("refreshToken must be printable ASCII characters, and not empty; a line end from a file is none")
}
