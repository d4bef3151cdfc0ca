import type { Clock } from "../../clock.js"
import { TokenError } from "../../errors.js"
import { tokenSourceFrom } from "../../token-source-from.js"
import type { TokenRequest, TokenSource } from "../../token-source.js"

/** Of an `AuthClient` of google-auth-library, what is used here. */
export interface GoogleTokenClient {
  credentials: { access_token?: string | null; expiry_date?: number | null }
  getAccessToken(): Promise<{ token?: string | null }>
  setCredentials(credentials: object): void
}

/** What is said of a Google client's tokens. Checked at once, never changed. */
export interface TokenSourceFromGoogleOptions {
  /** Whose credentials they are, in the application's words, no secret: tells their tokens from others in a shared cache. */
  readonly name?: string | undefined
  readonly clock?: Clock | undefined
}

// of a token whose end the client does not tell
const LIFETIME_MS = 5 * 60_000

/**
 * A token source from an `AuthClient` of google-auth-library, such as `GoogleAuth.getClient()` gives. The client keeps a
 * token until shortly before its end: where a newer one is asked for, what it keeps is taken for expired. Safe to call
 * concurrently.
 *
 * `getToken` rejects with `ERR_TOKEN_SOURCE`: of what the client failed with, it tells the name and code only.
 * @throws TypeError naming the option.
 */
export function tokenSourceFromGoogle(
  client: GoogleTokenClient,
  options: TokenSourceFromGoogleOptions = {},
): TokenSource {
  const getToken = async ({ newerThan }: TokenRequest) => {
    const { credentials } = client
    if (newerThan !== undefined && credentials.access_token === newerThan.accessToken) {
      client.setCredentials({ ...credentials, expiry_date: 1 })
    }
    const { token: accessToken } = await client.getAccessToken()
    if (!accessToken) throw new TokenError("ERR_TOKEN_SOURCE", "the Google client has no token", { transient: false })
    return { accessToken, expiresAt: client.credentials.expiry_date ?? undefined }
  }
  return tokenSourceFrom(getToken, { ...options, lifetimeMs: LIFETIME_MS })
}
