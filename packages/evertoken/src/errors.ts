/** What a {@link TokenError} can be about. Branch on these, never on a message. */
export type TokenErrorCode =
  /** No valid token is at hand, and none was waited for. */
  | "ERR_TOKEN_EXPIRED"
  /** The issuer gave a token that is over before it began (`expires_in` zero or negative). */
  | "ERR_TOKEN_LIFETIME"
  /** A newer token was asked for, and the issuer (or another process, a moment ago) came back with the same one. */
  | "ERR_TOKEN_UNCHANGED"
  /** Another process holds the right to ask the issuer, did not finish in time, and no valid token is left. */
  | "ERR_TOKEN_CLAIM_TIMEOUT"
  /** A token cache cannot be read or written. */
  | "ERR_TOKEN_CACHE"
  /** The request did not get an answer: refused, reset, DNS, TLS. */
  | "ERR_TOKEN_REQUEST"
  /** The request got no answer in time. */
  | "ERR_TOKEN_REQUEST_TIMEOUT"
  /** The issuer answered with an error; a {@link TokenResponseError}. */
  | "ERR_TOKEN_RESPONSE"
  /** The issuer answered with something that is no token response. */
  | "ERR_TOKEN_RESPONSE_INVALID"
  /** A token source of the application's own failed. */
  | "ERR_TOKEN_SOURCE"
  /** Only a person can repair this: the grant is spent, revoked or signed out. */
  | "ERR_REAUTHENTICATION_REQUIRED"
  /** `close()` was called. */
  | "ERR_TOKEN_SOURCE_CLOSED"

/** What a {@link TokenError} says besides its code. Nothing in it may be a secret. */
export interface TokenErrorOptions {
  /** Whether trying again later, with nothing changed, can succeed. */
  readonly transient: boolean
  /** How long to wait before the next attempt, in milliseconds. */
  readonly retryAfterMs?: number | undefined
  /**
   * The request may have been processed though no usable answer came (time-out, reset, 5xx): what works once may be
   * spent. Default false: it certainly was not processed, or was answered.
   */
  readonly ambiguous?: boolean | undefined
  /** A `TokenError`, or a system error without secrets. Never a foreign error that carries a response. */
  readonly cause?: Error | undefined
}

/** Every failure to get a token. Holds no secret: neither message nor properties nor cause. */
export class TokenError extends Error {
  override readonly name: string = "TokenError"
  readonly code: TokenErrorCode
  readonly transient: boolean
  declare readonly retryAfterMs?: number
  readonly ambiguous: boolean

  constructor(code: TokenErrorCode, message: string, options: TokenErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.transient = options.transient
    this.ambiguous = options.ambiguous ?? false
    // a header that was not there makes NaN, and no timer would ever be over
    const { retryAfterMs } = options
    if (retryAfterMs !== undefined && retryAfterMs >= 0) this.retryAfterMs = retryAfterMs
  }

  /** The same failure with another `retryAfterMs`; this one is its cause. */
  retryingAfter(retryAfterMs: number): TokenError {
    const { transient, ambiguous } = this
    return new TokenError(this.code, this.message, { transient, ambiguous, retryAfterMs, cause: this })
  }
}

/** What an issuer's answer said (RFC 6749, section 5.2), as far as it may be shown. */
export interface TokenResponseErrorOptions extends TokenErrorOptions {
  /** HTTP status. */
  readonly status: number
  /** RFC 6749, section 5.2: `invalid_grant`, `invalid_client`, … Absent if the answer had none. */
  readonly error?: string | undefined
  readonly errorDescription?: string | undefined
  readonly errorUri?: string | undefined
}

/** The issuer's error response (RFC 6749, section 5.2). */
export class TokenResponseError extends TokenError {
  override readonly name = "TokenResponseError"
  readonly status: number
  declare readonly error?: string
  declare readonly errorDescription?: string
  declare readonly errorUri?: string

  constructor(message: string, options: TokenResponseErrorOptions) {
    super("ERR_TOKEN_RESPONSE", message, options)
    this.status = options.status
    if (options.error !== undefined) this.error = options.error
    if (options.errorDescription !== undefined) this.errorDescription = options.errorDescription
    if (options.errorUri !== undefined) this.errorUri = options.errorUri
  }

  override retryingAfter(retryAfterMs: number): TokenResponseError {
    const { status, error, errorDescription, errorUri, transient, ambiguous } = this
    const options = { status, error, errorDescription, errorUri, transient, ambiguous, retryAfterMs, cause: this }
    return new TokenResponseError(this.message, options)
  }
}

const salvaged = new WeakMap<TokenError, string>()
// RFC 6749, appendix A.17: no token can hold another one
const PRINTABLE = /^[\x20-\x7e]+$/

/**
 * Attaches a refresh token to the error of a token source whose answer had one but was otherwise unusable: the
 * renewal makes it durable before it judges the rest. Nothing prints it. What cannot be a refresh token (RFC 6749,
 * appendix A.17) is ignored.
 */
export function salvageRefreshToken(error: TokenError, refreshToken: string): void {
  if (typeof refreshToken === "string" && PRINTABLE.test(refreshToken)) salvaged.set(error, refreshToken)
}

/** The refresh token that {@link salvageRefreshToken} attached. */
export function salvagedRefreshToken(error: TokenError): string | undefined {
  return salvaged.get(error)
}

/** `error.code` of a system error (`"ENOENT"`), if it has one. */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined
  return typeof error.code === "string" ? error.code : undefined
}
