import type { Token } from "evertoken"
import type { TokenContext } from "./token-context.js"
import type { SetOptions } from "./token-strategy.js"
import type { SettableOf, TokenTypes, ValueOf, ValueTypeName } from "./token-types.js"

export interface WhoseOptions {
  /** Whose token it is. Default: that of the context, then that of the signed cookie. */
  readonly userId?: string | undefined
}

export interface DeleteManyOptions<Name extends string> extends WhoseOptions {
  /** Types that stay, though a virtual type stands for them. */
  readonly keep?: readonly Name[] | undefined
}

export interface Deletion<Name extends string> {
  /** The types of which there was a token, and is none any more. */
  readonly removed: readonly Name[]
}

/**
 * A user's tokens by type, wherever they are kept. The one way to them: safe to use concurrently, by all requests of all
 * servers.
 */
export interface TokenManager<Types extends TokenTypes> {
  /** Replaces what is there. In the database it begins a new lineage: a renewal under way writes nothing back. */
  set<Name extends ValueTypeName<Types>>(
    context: TokenContext,
    type: Name,
    value: SettableOf<Types[Name]>,
    options?: SetOptions,
  ): Promise<void>
  /** What is there, as it is: expired is none. It renews nothing. */
  get<Name extends ValueTypeName<Types>>(
    context: TokenContext,
    type: Name,
    options?: WhoseOptions,
  ): Promise<ValueOf<Types[Name]> | undefined>
  /** @returns whether there was one. */
  delete(context: TokenContext, type: keyof Types & string, options?: WhoseOptions): Promise<boolean>
  deleteMany(
    context: TokenContext,
    types: readonly (keyof Types & string)[],
    options?: DeleteManyOptions<ValueTypeName<Types>>,
  ): Promise<Deletion<ValueTypeName<Types>>>
  /** A token to call an API with. */
  accessToken(context: TokenContext, options?: WhoseOptions): Promise<Token>
}
