import type { Clock, Random } from "evertoken"
import type { Keyring } from "evertoken/encryption"
import { SessionTokens } from "./session-tokens.js"
import type { TokenManager } from "./token-manager.js"
import type { Linked, TokenTypes } from "./token-types.js"

/** The types of tokens, and the keys they are encrypted and signed with. Checked at once, never changed. */
export interface TokenManagerConfig<Types extends TokenTypes> {
  readonly types: Types
  /** Encrypts what is in the database. Required if a type is there. */
  readonly keyring?: Keyring | undefined
  /**
   * Sign cookies: 32 random bytes or more each, as they are or as a text of them in base64, base64url or hex. The first
   * signs, all verify. Required if a cookie is signed.
   */
  readonly signingKeys?: readonly (Uint8Array | string)[] | undefined
  /**
   * For how long a request waits for a renewal while there is a token that is still good, in milliseconds, and in all of its
   * calls; the renewal goes on, and the next request has the new token. Default 2,000.
   */
  readonly renewalPatienceMs?: number | undefined
  readonly clock?: Clock | undefined
  readonly random?: Random | undefined
}

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
