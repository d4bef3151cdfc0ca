import type { Clock, Random, Token, TokenPoolOptions } from "evertoken"
import type { Keyring } from "evertoken/encryption"
import type { TokenContext } from "./token-context.js"
import type { SetOptions } from "./token-strategy.js"
import type { UserTokenPool } from "./user-token-pool.js"
import type { AccessTypes, DatabaseTypes, SettableOf, TokenTypes, ValueOf, ValueTypes } from "./token-types.js"

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

/** Whose token a call is about. */
export interface WhoseOptions {
  /** Whose token it is. Default: that of the context, then that of the signed cookie. */
  readonly userId?: string | undefined
}

/** Which access token, and whose. */
export interface AccessTokenOptions<Name extends string> extends WhoseOptions {
  /**
   * A cookie, or a type of the database that has a source. Default: the one cookie that is `renewedBy` another type, or the
   * one cookie that there is.
   */
  readonly type?: Name | undefined
}

/** Whose tokens are deleted, and which of them stay. */
export interface DeleteManyOptions<Name extends string> extends WhoseOptions {
  /** Types that stay, though a virtual type stands for them. */
  readonly keep?: readonly Name[] | undefined
}

/** What `deleteMany` has done. */
export interface Deletion<Name extends string> {
  /** The types of which there was a token, and is none any more. */
  readonly removed: readonly Name[]
}

/**
 * A user's tokens by type, wherever they are kept. The one way to them: safe to use concurrently, by all requests of all
 * servers.
 */
export interface TokenManager<Types extends TokenTypes> {
  /**
   * Replaces what is there. In the database it begins a new lineage: a renewal under way writes nothing back.
   * @throws SessionError: nothing has changed. What the strategy throws.
   */
  set<Name extends keyof ValueTypes<Types> & string>(
    context: TokenContext,
    type: Name,
    value: SettableOf<Types[Name]>,
    options?: SetOptions,
  ): Promise<void>
  /** What is there, as it is: expired is none. It renews nothing. */
  get<Name extends keyof ValueTypes<Types> & string>(
    context: TokenContext,
    type: Name,
    options?: WhoseOptions,
  ): Promise<ValueOf<Types[Name]> | undefined>
  /** @returns whether there was one. @throws what the strategy throws: then it is still there. */
  delete(context: TokenContext, type: keyof Types & string, options?: WhoseOptions): Promise<boolean>
  /**
   * Cookies and rows in one call: the rows of one table in one statement. All is tried, whatever fails. Of a request that
   * names no user, only cookies are removed.
   * @throws SessionError `ERR_DELETION_INCOMPLETE`, whose `removed` and `remaining` say what became of which.
   */
  deleteMany(
    context: TokenContext,
    types: readonly (keyof Types & string)[],
    options?: DeleteManyOptions<keyof ValueTypes<Types> & string>,
  ): Promise<Deletion<keyof ValueTypes<Types> & string>>
  /**
   * A token to call an API with. That of the cookie, if it is fresh; else the one that `renewedBy` keeps, renewed if it is
   * stale, and the cookie is set anew. While it cannot be renewed the old one serves until its end.
   * @throws SessionError `ERR_NOT_SIGNED_IN`: sign in; the cookie is removed. TokenError: why there is none, though somebody
   *   is signed in.
   */
  accessToken(context: TokenContext, options?: AccessTokenOptions<keyof AccessTypes<Types> & string>): Promise<Token>
  /**
   * The same rows for work that no request waits for: the tokens of many users, kept ready while they are in use. Close it
   * at the end.
   * @throws TypeError naming the option.
   */
  pool(options?: TokenPoolOptions): UserTokenPool<keyof DatabaseTypes<Types> & string>
}
