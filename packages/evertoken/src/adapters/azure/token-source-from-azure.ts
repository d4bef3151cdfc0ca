import { systemClock, type Clock } from "../../clock.js"
import { TokenError } from "../../errors.js"
import { tokenSourceFrom } from "../../token-source-from.js"
import type { TokenRequest, TokenSource } from "../../token-source.js"
import { Token } from "../../token.js"
import type { AzureAccessToken, AzureCredential } from "./azure-credential.js"

/** What is asked of an Azure credential. Checked at once, never changed. */
export interface TokenSourceFromAzureOptions {
  readonly scopes: string | readonly string[]
  /** Whose credential it is, in the application's words, no secret: tells its tokens from others in a shared cache. */
  readonly name?: string | undefined
  readonly clock?: Clock | undefined
}

// @azure/identity keeps a token until five minutes before its end, and gives the same one until then
const REFRESH_LEAD_MS = 4 * 60_000

/**
 * A token source from a `TokenCredential` of the Azure SDK, such as `DefaultAzureCredential`. A token is renewed when the
 * credential says so (`refreshAfterTimestamp`), else four minutes before its end. Safe to call concurrently.
 *
 * `getToken` rejects with `ERR_TOKEN_SOURCE`: of what the credential failed with, it tells the name and code only.
 * @throws TypeError naming the option.
 */
export function tokenSourceFromAzure(
  credential: AzureCredential<{ abortSignal?: AbortSignal }>,
  options: TokenSourceFromAzureOptions,
): TokenSource {
  const { scopes, clock = systemClock, ...rest } = options
  const getToken = async ({ signal }: TokenRequest) => {
    const issuedAt = clock.now()
    const given = await credential.getToken([scopes].flat(), signal && { abortSignal: signal })
    return issued(given, issuedAt)
  }
  return tokenSourceFrom(getToken, { ...rest, clock, refreshLeadMs: REFRESH_LEAD_MS })
}

function issued(given: AzureAccessToken | null, issuedAt: number) {
  if (given === null) {
    throw new TokenError("ERR_TOKEN_SOURCE", "the Azure credential has no token", { transient: false })
  }
  const { token: accessToken, expiresOnTimestamp: expiresAt, refreshAfterTimestamp: staleAt, tokenType } = given
  if (staleAt === undefined || staleAt > expiresAt || expiresAt <= issuedAt)
    return { accessToken, tokenType, expiresAt }
  return new Token({ accessToken, tokenType, issuedAt, staleAt, expiresAt })
}
