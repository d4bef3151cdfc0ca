import { TokenPool, type Token, type TokenPoolOptions, type TokenRequest, type TokenSource } from "evertoken"
import type { Observable } from "rxjs"
import { checkedUserId } from "./user-id.js"

/** Whose token, and of which type. */
export interface UserToken<Name extends string> {
  readonly userId: string
  readonly type: Name
}

/**
 * The tokens of many users, for work that no request waits for. As a `TokenPool` of the library, which it is, keyed by user
 * and type: each is watched from its first use on, and closed when it is not used any more. A sign-out is seen at the next
 * renewal at the latest.
 */
export class UserTokenPool<Name extends string> implements AsyncDisposable {
  readonly #pool: TokenPool

  /** @internal */
  constructor(sourceOf: (type: string, userId: string) => TokenSource, options: TokenPoolOptions = {}) {
    this.#pool = new TokenPool((key) => {
      const [type = ""] = key.split(":", 1)
      return sourceOf(type, key.slice(type.length + 1))
    }, options)
  }

  /** How many are kept. */
  get size(): number {
    return this.#pool.size
  }

  /** As `TokenPool.current()`. */
  current(whose: UserToken<Name>): Token {
    return this.#pool.current(keyOf(whose))
  }

  /** As `TokenPool.getToken()`. */
  async getToken(whose: UserToken<Name>, request?: TokenRequest): Promise<Token> {
    return this.#pool.getToken(keyOf(whose), request)
  }

  /** As `TokenPool.refresh()`. */
  async refresh(whose: UserToken<Name>): Promise<Token> {
    return this.#pool.refresh(keyOf(whose))
  }

  /** As `TokenPool.token$()`. */
  token$(whose: UserToken<Name>): Observable<Token> {
    return this.#pool.token$(keyOf(whose))
  }

  /** Ends its background work. What was sent and works once is let finish and written. */
  close(): Promise<void> {
    return this.#pool.close()
  }

  /** As {@link close}, at the end of the block that declares it by `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

function keyOf({ type, userId }: UserToken<string>): string {
  checkedUserId(userId)
  // it would be taken for another type, of another user
  if (type.includes(":")) throw new TypeError(`${type} is no type of the database`)
  return `${type}:${userId}`
}
