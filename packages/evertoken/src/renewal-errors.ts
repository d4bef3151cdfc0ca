import { TokenError, TokenResponseError } from "./errors.js"

/** Only a person can repair this: the refresh token was refused, or the grant was signed out. */
export function reauthenticationRequired(why: string, cause?: TokenError): TokenError {
  return new TokenError("ERR_REAUTHENTICATION_REQUIRED", `${why}: a new sign-in, or a new refresh token, is needed`, {
    transient: false,
    cause,
  })
}

/** RFC 6749, section 5.2: the grant or refresh token is invalid, expired, revoked, or was issued to another client. */
export function isRefusedGrant(error: TokenError): boolean {
  return error instanceof TokenResponseError && error.error === "invalid_grant" && !error.transient
}

export function claimTimedOut(waitedMs: number): TokenError {
  return new TokenError(
    "ERR_TOKEN_CLAIM_TIMEOUT",
    `another process has been renewing the token for over ${waitedMs} ms`,
    {
      transient: true,
    },
  )
}

export function unchanged(): TokenError {
  return new TokenError("ERR_TOKEN_UNCHANGED", "a newer token was asked for, and the same one came back", {
    transient: true,
  })
}

export function sourceClosed({ ambiguous = false }: { readonly ambiguous?: boolean } = {}): TokenError {
  return new TokenError("ERR_TOKEN_SOURCE_CLOSED", "the token source is closed", { transient: false, ambiguous })
}

/** The key holds what another grant must not lose. */
export function foreignGrant(): TokenError {
  const message =
    "this cache key holds the refresh token of another grant (another issuer, client or subject): use another key or file, or sign that one out first"
  return new TokenError("ERR_TOKEN_CACHE", message, { transient: false })
}
