import { TokenError } from "../errors.js"
import { assertOptions, type OptionNames } from "../options-object.js"
import type { Commit, CommitOptions, StoredToken, TokenCache } from "../token-cache.js"
import { Keyring } from "./keyring.js"
import { openRecord, sealRecord } from "./sealed-record.js"

export interface EncryptedOptions {
  /**
   * Whether to read tokens that are there unencrypted, until the next renewal encrypts them: for the time in which
   * encryption is introduced. Default false: whoever can write to the store could have put them there.
   */
  readonly acceptPlaintext?: boolean | undefined
}

const NAMES: OptionNames<EncryptedOptions> = { acceptPlaintext: true }

/** An encrypted cache: it has claims, tells of changes and can be closed if that can be said of the cache within. */
export type EncryptedTokenCache<C extends TokenCache> = Omit<TokenCache, PassedOn> & Pick<C, Extract<keyof C, PassedOn>>
type PassedOn = "claim" | "changes" | "close"

/**
 * `cache` with all tokens in it encrypted at rest: access, refresh and id tokens, scopes and times. What remains readable
 * is what it takes to compare and set: the key that they are kept under, versions, fingerprints, hashes. Safe to use
 * concurrently, by any number of processes whose keyrings have the same keys.
 *
 * What cannot be decrypted (a key that is not in the keyring, a record that was altered, or copied from elsewhere) is no
 * miss: an older token would be written over it, and a rotated refresh token lost. `get` rejects with `ERR_TOKEN_CACHE`
 * and says what helps, the record stays as it is, and sources go on as without the store: what is in memory is served, and
 * nothing that works once is spent. `delete` gives up what is there.
 * @throws TypeError naming the option.
 */
export function encrypted<C extends TokenCache>(
  cache: C,
  keyring: Keyring,
  options?: EncryptedOptions,
): EncryptedTokenCache<C>
export function encrypted(cache: TokenCache, keyring: Keyring, options: EncryptedOptions = {}): TokenCache {
  assertCache(cache)
  if (!(keyring instanceof Keyring)) throw new TypeError("keyring must be a Keyring: new Keyring([key])")
  assertOptions("encrypted", options, NAMES)
  const { acceptPlaintext = false } = options
  if (typeof acceptPlaintext !== "boolean") throw new TypeError("acceptPlaintext must be true or false")
  return new EncryptedCache(cache, { keyring, acceptPlaintext })
}

interface Parts {
  readonly keyring: Keyring
  readonly acceptPlaintext: boolean
}

class EncryptedCache implements TokenCache {
  readonly name: string
  readonly durable: boolean
  declare readonly claim?: NonNullable<TokenCache["claim"]>
  declare readonly changes?: NonNullable<TokenCache["changes"]>
  declare readonly close?: NonNullable<TokenCache["close"]>
  readonly #cache: TokenCache
  readonly #parts: Parts

  constructor(cache: TokenCache, parts: Parts) {
    this.name = cache.name
    this.durable = cache.durable
    this.#cache = cache
    this.#parts = parts
    if (cache.claim) this.claim = cache.claim.bind(cache)
    if (cache.changes) this.changes = cache.changes.bind(cache)
    if (cache.close) this.close = cache.close.bind(cache)
  }

  async get(key: string): Promise<StoredToken | undefined> {
    return this.#open(key, await this.#cache.get(key))
  }

  async commit(key: string, record: StoredToken, options: CommitOptions): Promise<Commit> {
    const commit = await this.#cache.commit(key, await sealRecord(key, record, this.#parts.keyring.first), options)
    if (commit.committed) return commit
    const { version } = record
    const { current, floor } = commit
    if (floor === undefined || version.generation > floor)
      return { committed: false, current: await this.#open(key, current) }
    return this.commit(key, { ...record, version: { ...version, generation: floor + 1 } }, options)
  }

  delete(key: string): Promise<void> {
    return this.#cache.delete(key)
  }

  async #open(key: string, stored: StoredToken | undefined): Promise<StoredToken | undefined> {
    const { keyring, acceptPlaintext } = this.#parts
    if (stored?.sealed !== undefined) {
      const opened = await openRecord(key, stored, keyring)
      return opened.record ?? this.#refuse(opened.problem)
    }
    if (stored?.token === undefined || acceptPlaintext) return stored
    return this.#refuse("the token there is not encrypted: to take it over, say acceptPlaintext: true until it is")
  }

  #refuse(problem: string): never {
    const message = `${this.name}: ${problem}; or give it up, by await cache.delete(key)`
    throw new TokenError("ERR_TOKEN_CACHE", message, { transient: false })
  }
}

function assertCache(cache: unknown): void {
  const isObject = typeof cache === "object" && cache !== null
  if (isObject && ["get", "commit", "delete"].every((method) => typeof Reflect.get(cache, method) === "function"))
    return
  throw new TypeError("cache must be a token cache, such as new FileTokenCache(path)")
}
