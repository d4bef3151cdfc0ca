import { systemClock, type Clock, type Token, type TokenPoolOptions } from "evertoken"
import { Keyring } from "evertoken/encryption"
import { CookieStrategy } from "./cookie/cookie-strategy.js"
import { DatabaseStrategy } from "./database/database-strategy.js"
import { KeptTokens } from "./database/kept-tokens.js"
import { statementsOf, type TokenTable } from "./database/token-table.js"
import { declaredTypes, type DeclaredTypes } from "./declared-types.js"
import { deleteAll, type DeletionStep } from "./deletion.js"
import { Rotation } from "./rotation.js"
import { SessionError } from "./session-error.js"
import { notSignedIn } from "./session-failures.js"
import type { TokenContext } from "./token-context.js"
import type {
  AccessTokenOptions,
  Deletion,
  DeleteManyOptions,
  TokenManager,
  TokenManagerConfig,
  WhoseOptions,
} from "./token-manager.js"
import type { SetOptions, TokenPlace, TokenStrategy } from "./token-strategy.js"
import type { TokenTypes } from "./token-types.js"
import { checkedUserId } from "./user-id.js"
import { UserTokenPool } from "./user-token-pool.js"

/** What `createTokenManager` gives: it finds out who and what is meant, and passes that on to the strategy of the type. */
export class SessionTokens implements TokenManager<TokenTypes> {
  readonly #types: DeclaredTypes
  readonly #clock: Clock
  readonly #strategies = new Map<string, TokenStrategy>()
  readonly #cookies = new Map<string, CookieStrategy>()
  readonly #kept = new Map<string, KeptTokens>()
  readonly #rotations = new Map<string, Rotation>()

  /** @throws TypeError naming the type and the field. */
  constructor({
    types,
    keyring,
    signingKeys,
    renewalPatienceMs = 2_000,
    clock = systemClock,
    random,
  }: TokenManagerConfig<TokenTypes>) {
    this.#types = declaredTypes(types)
    this.#clock = clock
    for (const [type, declared] of this.#types.database) {
      if (!(keyring instanceof Keyring)) throw new TypeError(`keyring must be a Keyring: it encrypts ${type}`)
      const { source } = declared
      const rows = declared.table === undefined ? declared.rows : statementsOf(declared.table).rows(type)
      const kept = new KeptTokens({ type, rows, keyring, source, clock, random })
      this.#kept.set(type, kept)
      this.#strategies.set(type, new DatabaseStrategy(kept))
      if (source !== undefined)
        this.#rotations.set(type, new Rotation({ cookies: undefined, kept, clock, renewalPatienceMs }))
    }
    for (const [type, declared] of this.#types.cookies) {
      const cookies = new CookieStrategy(type, { ...declared, signingKeys, clock })
      this.#cookies.set(type, cookies)
      this.#strategies.set(type, cookies)
      const kept = this.#kept.get(declared.renewedBy ?? "")
      if (kept !== undefined) this.#rotations.set(type, new Rotation({ cookies, kept, clock, renewalPatienceMs }))
    }
    for (const [type, strategy] of this.#types.own) this.#strategies.set(type, strategy)
  }

  async set(context: TokenContext, type: string, value: unknown, options: SetOptions = {}): Promise<void> {
    const strategy = this.#strategyOf(type)
    // a refused cookie says nothing, and may be what is replaced
    const userId = await this.#userOf(context, options.userId).catch(nobody)
    await strategy.set({ context, type, userId }, value, options)
    for (const rotation of this.#rotations.values()) rotation.retry(context)
  }

  async get(context: TokenContext, type: string, options: WhoseOptions = {}): Promise<unknown> {
    const strategy = this.#strategyOf(type)
    return strategy.get({ context, type, userId: await this.#userOf(context, options.userId) })
  }

  async delete(context: TokenContext, type: string, options: WhoseOptions = {}): Promise<boolean> {
    const { removed } = await this.deleteMany(context, [type], options)
    return removed.length > 0
  }

  async deleteMany(
    context: TokenContext,
    types: readonly string[],
    { keep = [], userId }: DeleteManyOptions<string> = {},
  ): Promise<Deletion<string>> {
    const names = this.#meant(types, keep)
    const user = (await this.#userOf(context, userId).catch(nobody)) ?? (await this.#userWhoCame(context))
    return { removed: await deleteAll(this.#steps(context, names, user), this.#clock) }
  }

  async accessToken(
    context: TokenContext,
    { type, userId = context.userId }: AccessTokenOptions<string> = {},
  ): Promise<Token> {
    if (userId !== undefined) checkedUserId(userId)
    const name = type ?? this.#onlyOne()
    const rotation = this.#rotations.get(name)
    if (rotation !== undefined) {
      const isOfCookie = this.#cookies.has(name)
      return rotation.accessToken(context, isOfCookie ? userId : await this.#userOf(context, userId))
    }
    const token = await this.#cookieOf(name).get({ context, type: name, userId })
    if (token === undefined) throw notSignedIn()
    return token
  }

  pool(options?: TokenPoolOptions): UserTokenPool<string> {
    return new UserTokenPool((type, userId) => this.#keptOf(type).sourceOf(userId), options)
  }

  /** Who it is: as the call says, else as the application knows, else as a signed cookie says. */
  async #userOf(context: TokenContext, userId = context.userId): Promise<string | undefined> {
    if (userId !== undefined) return checkedUserId(userId)
    const refused: unknown[] = []
    for (const cookies of this.#cookies.values()) {
      const read = await cookies.read(context).catch((error: unknown) => void refused.push(error))
      if (read?.userId !== undefined) return read.userId
    }
    if (refused.length > 0) throw refused[0]
    return undefined
  }

  /** Who signs out has perhaps just been told, by the middleware, not to be signed in; the rows go all the same. */
  async #userWhoCame(context: TokenContext): Promise<string | undefined> {
    for (const cookies of this.#cookies.values()) {
      const userId = await cookies.cameAs(context)
      if (userId !== undefined) return userId
    }
    return undefined
  }

  #strategyOf(type: string): TokenStrategy {
    const strategy = this.#strategies.get(type)
    if (strategy !== undefined) return strategy
    if (this.#types.virtual.has(type)) throw new TypeError(`${type} stands for several types: it can only be deleted`)
    throw new TypeError(`there is no type ${type}; there are ${[...this.#strategies.keys()].join(", ")}`)
  }

  #cookieOf(type: string): CookieStrategy {
    const cookies = this.#cookies.get(type)
    if (cookies !== undefined) return cookies
    this.#strategyOf(type)
    throw new TypeError(`${type} gives no access token: it is neither a cookie, nor has it a source in the database`)
  }

  #keptOf(type: string): KeptTokens {
    const kept = this.#kept.get(type)
    if (kept === undefined) throw new TypeError(`${type} is no type of the database`)
    return kept
  }

  #onlyOne(): string {
    const cookies = [...this.#cookies.keys()]
    const renewed = cookies.filter((type) => this.#rotations.has(type))
    const [name, ...others] = renewed.length > 0 ? renewed : cookies
    if (name !== undefined && others.length === 0) return name
    throw new TypeError("say which access token is meant, by the option type")
  }

  /** The types to delete: those that virtual ones stand for, without those that stay. */
  #meant(types: readonly string[], keep: readonly string[]): readonly string[] {
    const names = types.flatMap((type) => this.#types.virtual.get(type) ?? [type])
    for (const type of [...names, ...keep]) this.#strategyOf(type)
    return [...new Set(names)].filter((type) => !keep.includes(type))
  }

  #steps(context: TokenContext, names: readonly string[], userId: string | undefined): readonly DeletionStep[] {
    const tableOf = (type: string) => (userId === undefined ? undefined : this.#types.database.get(type)?.table)
    const tables = new Set(names.map(tableOf))
    return [...tables].flatMap((table) => {
      const types = names.filter((type) => tableOf(type) === table)
      return table === undefined || userId === undefined
        ? types.map((type) => this.#step({ context, type, userId }))
        : [this.#stepOfTable(table, types, userId)]
    })
  }

  #step(place: TokenPlace): DeletionStep {
    const { type } = place
    return { types: [type], run: async () => ((await this.#strategyOf(type).delete(place)) ? [type] : []) }
  }

  #stepOfTable(table: TokenTable, types: readonly string[], userId: string): DeletionStep {
    return {
      types,
      run: async () => {
        for (const type of types) this.#keptOf(type).forget(userId)
        return statementsOf(table).removeMany(userId, types)
      },
    }
  }
}

// a refused cookie is one to get rid of
function nobody(error: unknown): undefined {
  if (error instanceof SessionError) return undefined
  throw error
}
