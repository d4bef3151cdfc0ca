import type { Config } from "../config/config.js"
import type { TokenStore } from "../tokens/named-token.js"
import { TokenStores, type TokenStoresOptions } from "../tokens/token-stores.js"
import { isDeepStrictEqual } from "node:util"

type StoreConfigs = Config["stores"]

/** The stores of a configuration that may be read again. What was opened before is open until all ends: tokens that stay are in it. */
export class ConfiguredStores {
  readonly #places: Omit<TokenStoresOptions, "stores">
  readonly #earlier: TokenStores[] = []
  #configs: StoreConfigs
  #current: TokenStores

  constructor(places: Omit<TokenStoresOptions, "stores">, configs: StoreConfigs) {
    this.#places = places
    this.#configs = configs
    this.#current = new TokenStores({ ...places, stores: configs })
  }

  open(name?: string): Promise<TokenStore> {
    return this.#current.open(name)
  }

  /** What `work` opens is by these; and what comes after it, unless it fails. */
  async using(configs: StoreConfigs, work: () => Promise<void>): Promise<void> {
    if (isDeepStrictEqual(configs, this.#configs)) return work()
    const before = this.#current
    this.#current = new TokenStores({ ...this.#places, stores: configs })
    try {
      await work()
      this.#earlier.push(before)
      this.#configs = configs
    } catch (error) {
      const failed = this.#current
      this.#current = before
      await failed.close()
      throw error
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#current, ...this.#earlier].map((stores) => stores.close()))
  }
}
