import { systemClock, type Clock, type Random } from "evertoken"
import { from, map, merge, mergeMap, Subject, type Observable } from "rxjs"
import { isDeepStrictEqual } from "node:util"
import type { TokenConfig } from "../config/token-config.js"
import { NamedToken } from "./named-token.js"
import { TokenHistory } from "./token-history.js"
import { secretsOf } from "./token-source-of.js"
import type { TokenStatus } from "./token-status.js"
import type { TokenStores } from "./token-stores.js"

export interface TokenRegistryOptions {
  readonly stores: Pick<TokenStores, "open">
  readonly clock?: Clock | undefined
  readonly random?: Random | undefined
}

/** A named token's status; of one that has left the configuration, the name alone. */
export type RegistryChange = { readonly status: TokenStatus } | { readonly removed: string }

/** All tokens of a configuration. Safe to use concurrently. */
export class TokenRegistry implements AsyncDisposable {
  readonly history: TokenHistory
  readonly #options: TokenRegistryOptions
  readonly #tokens = new Map<string, NamedToken>()
  readonly #opened$ = new Subject<NamedToken>()
  readonly #removed$ = new Subject<string>()

  constructor(options: TokenRegistryOptions) {
    this.#options = options
    this.history = new TokenHistory({ clock: options.clock ?? systemClock })
  }

  /** In the order of their names. */
  get all(): readonly NamedToken[] {
    return [...this.#tokens.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  find(name: string): NamedToken | undefined {
    return this.#tokens.get(name)
  }

  /** Each token's status now, and whenever it changes. Completes on {@link close}. */
  get changes$(): Observable<RegistryChange> {
    const tokens$ = merge(from(this.all), this.#opened$)
    const statuses$ = tokens$.pipe(mergeMap(({ status$ }) => status$.pipe(map((status) => ({ status })))))
    return merge(statuses$, this.#removed$.pipe(map((removed) => ({ removed }))))
  }

  /**
   * Keeps what the configuration says from now on. A token that stays the same is left alone; one that is another is
   * ended before its successor begins. One after the other, never two at once.
   * @param moved tokens whose store is another one now, though they name the same.
   * @throws Error naming the token that cannot be opened; then all is as before.
   */
  async apply(configs: Readonly<Record<string, TokenConfig>>, moved: readonly string[] = []): Promise<void> {
    const opened = await this.#openAll(configs, moved)
    const removed = this.all.filter(({ name }) => !Object.hasOwn(configs, name))
    const replaced = opened.flatMap(({ name }) => this.#tokens.get(name) ?? [])
    await Promise.all([...removed, ...replaced].map((token) => token.close()))
    for (const { name } of removed) {
      this.#tokens.delete(name)
      this.history.forget(name)
      this.#removed$.next(name)
    }
    for (const token of opened) {
      this.#tokens.set(token.name, token)
      token.start()
      this.#opened$.next(token)
    }
  }

  /** Ends all; a renewal that was sent may finish, and what it brings be written, for so long. */
  async close(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    await Promise.all(this.all.map((token) => token.close(options)))
    this.#opened$.complete()
    this.#removed$.complete()
    this.history[Symbol.dispose]()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #openAll(
    configs: Readonly<Record<string, TokenConfig>>,
    moved: readonly string[],
  ): Promise<readonly NamedToken[]> {
    const opened: NamedToken[] = []
    try {
      for (const [name, config] of Object.entries(configs)) {
        const isSame = !moved.includes(name) && isDeepStrictEqual(this.find(name)?.config, config)
        if (!isSame) opened.push(await this.#open(name, config))
      }
      return opened
    } catch (error) {
      await Promise.all(opened.map((token) => token.close()))
      throw error
    }
  }

  async #open(name: string, config: TokenConfig): Promise<NamedToken> {
    const { stores, clock, random } = this.#options
    try {
      const [store, secrets] = await Promise.all([stores.open(config.store), secretsOf(config)])
      return await NamedToken.open(name, { config, store, secrets, clock, random })
    } catch (error) {
      throw new Error(`tokens.${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    }
  }
}
