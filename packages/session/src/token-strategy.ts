import type { TokenContext } from "./token-context.js"

/** Which token is meant. */
export interface TokenPlace {
  readonly context: TokenContext
  /** The type's name, as the application declares it. */
  readonly type: string
  /** Whose it is; undefined: nobody has said, neither by an option, nor in the context, nor by a signed cookie. */
  readonly userId: string | undefined
}

/** Whose token is set, and when it ends. */
export interface SetOptions {
  /** Whose token it is. Default: that of the context, then that of the signed cookie. */
  readonly userId?: string | undefined
  /** When a value that is a text ends, epoch milliseconds. A `Token` knows it by itself. */
  readonly expiresAt?: number | undefined
}

/**
 * How the tokens of a type are kept: what an application may bring of its own. The manager calls it, and nobody else.
 * Safe to call concurrently. What it throws reaches the caller of the manager as it is: put no secret into it.
 */
export interface TokenStrategy<Value = unknown> {
  /** A miss is `undefined`. */
  get(place: TokenPlace): Promise<Value | undefined>
  /** Durable when it resolves. */
  set(place: TokenPlace, value: Value, options: SetOptions): Promise<void>
  /** @returns whether there was one. */
  delete(place: TokenPlace): Promise<boolean>
}
