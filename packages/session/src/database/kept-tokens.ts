import {
  CachedTokenSource,
  Token,
  TokenError,
  type Clock,
  type Random,
  type StoredToken,
  type Timer,
  type TokenCache,
  type TokenSource,
} from "evertoken"
import { encrypted, type Keyring } from "evertoken/encryption"
import { RowTokenCache } from "evertoken/row"
import { notSignedIn, rowRefused } from "../session-failures.js"
import type { TokenRows } from "./token-rows.js"

export interface KeptTokensOptions {
  /** The name of the type. */
  readonly type: string
  readonly rows: TokenRows
  readonly keyring: Keyring
  readonly source: TokenSource | undefined
  readonly clock: Clock
  readonly random: Random | undefined
}

/** What a user's requests under way in this process have in common. */
interface UserInUse {
  readonly source: CachedTokenSource
  uses: number
  /** After a failure it is kept for a while: it knows how long the issuer is to be left alone, and what it has to pursue. */
  restMs: number
  rest: Timer | undefined
  /** Somebody has signed out here: what is still under way is nobody's any more. */
  isOver: boolean
}

// as long as the longest pause between attempts; no longer for an issuer that says so
const LEAST_REST_MS = 60_000
const LONGEST_REST_MS = 3_600_000
const MOST_AT_REST = 10_000
/** For how long a database may be away without the loss of a refresh token that came just then. */
const WRITTEN_WITHIN_MS = 600_000

/**
 * The tokens of one type in the database: each user's row, encrypted, bound to user and type, and renewed by the library's
 * renewal transaction, which all servers share. A row that is gone was signed out: nothing brings it back.
 */
export class KeptTokens {
  readonly #options: KeptTokensOptions
  readonly #cache: ReturnType<typeof encryptedRows>
  readonly #inUse = new Map<string, UserInUse>()

  constructor(options: KeptTokensOptions) {
    this.#options = options
    this.#cache = encryptedRows(options)
  }

  get type(): string {
    return this.#options.type
  }

  /** Whether its tokens are renewed by their refresh tokens. */
  get isRenewed(): boolean {
    return this.#options.source !== undefined
  }

  /** The row, as it is: one indexed read. @throws SessionError `ERR_ROW_REFUSED`. TokenError if the database is away. */
  async read(userId: string): Promise<(StoredToken & { readonly token: Token }) | undefined> {
    try {
      const record = await this.#cache.get(this.#keyOf(userId))
      return record?.token === undefined ? undefined : { ...record, token: record.token }
    } catch (error) {
      throw error instanceof TokenError && !error.transient ? rowRefused(this.type) : error
    }
  }

  /** Replaces what is there: a renewal under way writes nothing over it. Durable when it resolves. */
  signIn(userId: string, token: Token | string): Promise<void> {
    return this.#use(userId, ({ source }) => source.signIn(typeof token === "string" ? toBeRenewed(token) : token))
  }

  /** A token newer than this one: one request to the issuer, whoever asks, on all servers. */
  renewed(userId: string, newerThan: Token | undefined): Promise<Token> {
    return this.#use(userId, async (user) => {
      const token = await user.source.getToken({ newerThan })
      if (user.isOver) throw notSignedIn()
      return token
    })
  }

  /** @returns whether there was a row. */
  remove(userId: string): Promise<boolean> {
    this.forget(userId)
    return this.#options.rows.remove(userId)
  }

  /** The row is removed by somebody else. */
  forget(userId: string): void {
    const user = this.#inUse.get(userId)
    if (user === undefined) return
    user.isOver = true
    user.rest?.cancel()
    if (user.uses === 0) this.#end(userId, user)
    else this.#inUse.delete(userId)
  }

  /** For a `TokenPool`: a source of its own. */
  sourceOf(userId: string): CachedTokenSource {
    const { source, clock, random } = this.#options
    return new CachedTokenSource(source ?? notRenewed, {
      key: this.#keyOf(userId),
      caches: [this.#cache],
      ...{ clock, random },
    })
  }

  async #use<T>(userId: string, action: (user: UserInUse) => Promise<T>): Promise<T> {
    const user = this.#inUse.get(userId) ?? this.#begin(userId)
    user.uses++
    user.rest?.cancel()
    try {
      const result = await action(user)
      user.restMs = 0
      return result
    } catch (error) {
      user.restMs = restAfter(error)
      throw error
    } finally {
      user.uses--
      if (user.uses === 0) this.#rest(userId, user)
    }
  }

  #rest(userId: string, user: UserInUse): void {
    const isWorthwhile = user.restMs > 0 && !user.isOver && this.#inUse.size <= MOST_AT_REST
    if (!isWorthwhile) return this.#end(userId, user)
    user.rest = this.#options.clock.setTimer(() => this.#end(userId, user), user.restMs, { ref: false })
  }

  #begin(userId: string): UserInUse {
    const user = { source: this.sourceOf(userId), uses: 0, isOver: false, restMs: 0, rest: undefined }
    this.#inUse.set(userId, user)
    return user
  }

  #end(userId: string, user: UserInUse): void {
    if (this.#inUse.get(userId) === user) this.#inUse.delete(userId)
    void user.source.close({ timeoutMs: WRITTEN_WITHIN_MS })
  }

  #keyOf(userId: string): string {
    return `${this.#options.type}:${userId}`
  }
}

function encryptedRows({ type, rows, keyring, clock, random }: KeptTokensOptions) {
  const userOf = (key: string) => key.slice(type.length + 1)
  const cache = new RowTokenCache(
    {
      load: (key) => rows.load(userOf(key)),
      save: (key, value, expected) => rows.save(userOf(key), value, expected),
      remove: (key) => rows.remove(userOf(key)),
    },
    { name: type, absence: "signed-out", clock, ...(random && { random }) },
  )
  // without news of changes: to look for those of 100,000 users every second would be all that the database does
  return encrypted<TokenCache & Required<Pick<TokenCache, "claim">>>(
    {
      name: cache.name,
      durable: cache.durable,
      get: (key) => cache.get(key),
      commit: (key, record, options) => cache.commit(key, record, options),
      delete: (key) => cache.delete(key),
      claim: (key, subject) => cache.claim(key, subject),
    },
    keyring,
  )
}

function restAfter(error: unknown): number {
  if (!(error instanceof TokenError) || !error.transient) return 0
  return Math.min(Math.max(LEAST_REST_MS, error.retryAfterMs ?? 0), LONGEST_REST_MS)
}

// never presented: it ended long ago, and is renewed by its refresh token before anybody reads it
function toBeRenewed(refreshToken: string): Token {
  return new Token({ accessToken: "none", issuedAt: 0, staleAt: 0, expiresAt: 1, refreshToken })
}

const notRenewed: TokenSource = {
  getToken: () =>
    Promise.reject(
      new TokenError("ERR_REAUTHENTICATION_REQUIRED", "nothing renews tokens of this type: it has no source", {
        transient: false,
      }),
    ),
}
