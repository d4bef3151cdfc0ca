import { tokenSourceFrom } from "../../token-source-from.js"
import type { TokenSource } from "../../token-source.js"
import type { Token } from "../../token.js"
import { asBearer, assertAdaptable } from "../adapted-token.js"

/** `TokenIdentity` of `@smithy/types`. */
export interface AwsTokenIdentity {
  readonly token: string
  readonly expiration?: Date
}

/** `TokenIdentityProvider` of `@smithy/types`: the option `token` of an AWS SDK client. */
export type AwsTokenProvider = (properties?: Record<string, unknown>) => Promise<AwsTokenIdentity>

/**
 * The token identity provider of AWS SDK clients that present a bearer token, whose token is that of `source`. The SDK
 * keeps it until five minutes before its end, and asks at each request from then on; with `forceRefresh` it asks for
 * another than the last one. Rejects with the source's error. Safe to use concurrently.
 * @throws TypeError unless `source` is a token source.
 */
export function awsTokenProvider(source: TokenSource): AwsTokenProvider {
  assertAdaptable(source)
  let given: Token | undefined
  return async (properties) => {
    const newerThan = properties?.["forceRefresh"] === true ? given : undefined
    given = asBearer(await source.getToken({ newerThan }))
    return { token: given.accessToken, expiration: new Date(given.expiresAt) }
  }
}

/**
 * A token source from a token identity provider of the AWS SDK, such as `fromSso()` of `@aws-sdk/token-providers`. A token
 * without an end is asked for anew after `lifetimeMs`, 5 minutes by default. Safe to call concurrently.
 *
 * `getToken` rejects with `ERR_TOKEN_SOURCE`: of what the provider failed with, it tells the name and code only.
 * @throws TypeError naming the option.
 */
export function tokenSourceFromAws(
  provider: AwsTokenProvider,
  options: { readonly name?: string | undefined; readonly lifetimeMs?: number | undefined } = {},
): TokenSource {
  return tokenSourceFrom(
    async ({ newerThan }) => {
      const { token: accessToken, expiration } = await provider(newerThan && { forceRefresh: true })
      return { accessToken, expiresAt: expiration }
    },
    { lifetimeMs: 5 * 60_000, ...options },
  )
}
