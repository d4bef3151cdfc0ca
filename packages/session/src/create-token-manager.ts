import { SessionTokens } from "./session-tokens.js"
import type { TokenManager, TokenManagerConfig } from "./token-manager.js"
import type { Linked, TokenTypes } from "./token-types.js"

/**
 * The one way to a web application's tokens: what there is of them, and where each is kept, is declared here, and nobody
 * else needs to know.
 * @throws TypeError naming the type and the field.
 */
export function createTokenManager<const Types extends TokenTypes>(
  config: TokenManagerConfig<Types> & { readonly types: Linked<Types> },
): TokenManager<Types>
export function createTokenManager(config: TokenManagerConfig<TokenTypes>): TokenManager<TokenTypes> {
  return new SessionTokens(config)
}
