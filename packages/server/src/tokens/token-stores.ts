import { join } from "node:path"
import type { TokenCache } from "evertoken"
import { encrypted, type Keyring } from "evertoken/encryption"
import { FileTokenCache } from "evertoken/file"
import type { StoreConfig } from "../config/config.js"
import type { TokenStore } from "./named-token.js"
import { openPostgres, openRedis, type SharedStore } from "./shared-store.js"

/** The store of a token that names none: files in the state directory. */
const FILE_STORE = "file"

export interface TokenStoresOptions {
  readonly stores: Readonly<Record<string, StoreConfig>>
  readonly stateDirectory: string
  /** Without it, tokens are readable to whoever can read the store. */
  readonly keyring?: Keyring | undefined
}

/** The stores of a configuration, each opened once, when it is first needed. */
export class TokenStores implements AsyncDisposable {
  readonly #options: TokenStoresOptions
  readonly #opened = new Map<string, Promise<TokenStore>>()
  readonly #shared: SharedStore[] = []

  constructor(options: TokenStoresOptions) {
    this.#options = options
  }

  /**
   * What is shared by hosts has a file of this host before it: what was read once is there while the server of the store is down.
   * @throws Error saying what is missing, or wrong.
   */
  open(name = FILE_STORE): Promise<TokenStore> {
    const opened = this.#opened.get(name) ?? this.#open(name)
    this.#opened.set(name, opened)
    return opened
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#opened.values())
    await Promise.all(this.#shared.map((store) => store.close()))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #open(name: string): Promise<TokenStore> {
    const { stores, stateDirectory } = this.#options
    const config = stores[name] ?? { file: join(stateDirectory, "tokens") }
    if ("file" in config) return this.#storeOf(name, [new FileTokenCache({ directory: config.file })])
    const shared = "redis" in config ? await openRedis(config) : await openPostgres(config)
    this.#shared.push(shared)
    const file = new FileTokenCache({ directory: join(stateDirectory, `tokens-of-${name}`) })
    return this.#storeOf(name, [file, shared.cache])
  }

  #storeOf(name: string, plain: readonly [TokenCache, ...TokenCache[]]): TokenStore {
    const { keyring } = this.#options
    if (keyring === undefined) return { name, isEncrypted: false, caches: plain }
    const [first, ...others] = plain
    const seal = (cache: TokenCache) => encrypted(cache, keyring)
    return { name, isEncrypted: true, caches: [seal(first), ...others.map(seal)] }
  }
}
