import type { TokenSource } from "../../token-source.js"
import type { Token } from "../../token.js"
import { asBearer, assertAdaptable } from "../adapted-token.js"
import type { AzureAccessToken, AzureCredential, AzureTokenOptions } from "./azure-credential.js"

/** One source for all scopes, or one chosen for each request, such as a `TokenPool`'s. */
export type AzureTokenSource = TokenSource | ((scopes: readonly string[], options: AzureTokenOptions) => TokenSource)

/**
 * A `TokenCredential` for the Azure SDK, whose token is that of `source`. A challenge with `claims` (Continuous Access
 * Evaluation) rejects the token that was given last: a newer one is got. The claims themselves are told to a function
 * given as `source`, and to nobody else. `null` is never given: rejects with the source's error. Safe to use concurrently.
 * @throws TypeError unless `source` is a token source or a function.
 */
export function azureCredential(source: AzureTokenSource): AzureCredential {
  if (typeof source !== "function") assertAdaptable(source)
  const given = new WeakMap<TokenSource, Token>()
  return {
    async getToken(scopes, options = {}) {
      const chosen = typeof source === "function" ? source([scopes].flat(), options) : source
      assertAdaptable(chosen)
      const newerThan = options.claims === undefined ? undefined : given.get(chosen)
      const token = asBearer(await chosen.getToken({ newerThan, signal: signalOf(options) }))
      given.set(chosen, token)
      return accessTokenOf(token)
    },
  }
}

function accessTokenOf({ accessToken, staleAt, expiresAt }: Token): AzureAccessToken {
  return { token: accessToken, expiresOnTimestamp: expiresAt, refreshAfterTimestamp: staleAt, tokenType: "Bearer" }
}

function signalOf({ abortSignal }: AzureTokenOptions): AbortSignal | undefined {
  return abortSignal instanceof AbortSignal ? abortSignal : undefined
}
