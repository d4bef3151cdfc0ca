import { TokenError } from "../errors.js"
import { assertOptions, type OptionNames } from "../options-object.js"
import { randomId } from "../random.js"
import type { Commit, CommitOptions, StoredToken, TokenCache } from "../token-cache.js"
import { sameVersion, type TokenVersion } from "../token.js"
import { Keyring } from "./keyring.js"
import { keyIdOf, openRecord, sealRecord } from "./sealed-record.js"
import { renewalClaim, writeUnclaimed } from "./unclaimed-write.js"

/** What `encrypted` takes besides a cache and a keyring. */
export interface EncryptedOptions {
  /**
   * Whether to read tokens that are there unencrypted, until the next renewal encrypts them: for the time in which
   * encryption is introduced. Default false: whoever can write to the store could have put them there.
   */
  readonly acceptPlaintext?: boolean | undefined
}

const NAMES: OptionNames<EncryptedOptions> = { acceptPlaintext: true }

interface Reencrypting {
  /**
   * Encrypts the token of `key` with the first key of the keyring, unless it is already: for tokens that will not be
   * renewed soon, before a key is left out of the keyring, or `acceptPlaintext` of the options. Call it on the authority,
   * the last durable cache of a source: those before it follow. Safe at any moment, in any process.
   * @returns false if the token is being renewed, or nobody knows how that ended: call it again later.
   * @throws TokenError `ERR_TOKEN_CACHE` if the token cannot be decrypted, or the cache within cannot be used or has no
   *   claims.
   */
  reencrypt(key: string): Promise<boolean>
}

/** An encrypted cache: it has claims, tells of changes and can be closed if that can be said of the cache within. */
export type EncryptedTokenCache<C extends TokenCache> = Omit<TokenCache, PassedOn> &
  Pick<C, Extract<keyof C, PassedOn>> &
  Reencrypting
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
export function encrypted(
  cache: TokenCache,
  keyring: Keyring,
  options: EncryptedOptions = {},
): EncryptedTokenCache<TokenCache> {
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

class EncryptedCache implements TokenCache, Reencrypting {
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

  async reencrypt(key: string): Promise<boolean> {
    const stored = await this.#cache.get(key)
    const isDone = stored !== undefined && keyIdOf(stored) === this.#parts.keyring.first.id
    const record = isDone ? undefined : await this.#open(key, stored)
    if (record?.token === undefined) return record?.sealed === undefined
    const claim = renewalClaim(this.#cache, key, record)
    if (claim === undefined) throw this.#failure("without claims nobody can tell whether the token is being renewed")
    return writeUnclaimed(claim, () => this.#writeAgain(key, record.version))
  }

  async #writeAgain(key: string, version: TokenVersion): Promise<boolean> {
    // under the claim: the store may have lost it all meanwhile, and have been refilled, which the record notes
    const record = await this.get(key)
    if (record?.token === undefined || !sameVersion(record.version, version)) return false
    const next = { ...version, generation: version.generation + 1, id: randomId() }
    const successor = { ...record, version: next, token: record.token.with({ version: next }) }
    return (await this.commit(key, successor, { expected: version })).committed
  }

  async #open(key: string, stored: StoredToken | undefined): Promise<StoredToken | undefined> {
    const { keyring, acceptPlaintext } = this.#parts
    if (stored?.sealed !== undefined) {
      const opened = await openRecord(key, stored, keyring)
      if (opened.record !== undefined) return opened.record
      throw this.#failure(`${opened.problem}; or give it up, by await cache.delete(key)`)
    }
    if (stored?.token === undefined || acceptPlaintext) return stored
    const mend = "to take it over, say acceptPlaintext: true until it is; or give it up, by await cache.delete(key)"
    throw this.#failure(`the token there is not encrypted: ${mend}`)
  }

  #failure(problem: string): TokenError {
    return new TokenError("ERR_TOKEN_CACHE", `${this.name}: ${problem}`, { transient: false })
  }
}

function assertCache(cache: unknown): void {
  const isObject = typeof cache === "object" && cache !== null
  if (isObject && ["get", "commit", "delete"].every((method) => typeof Reflect.get(cache, method) === "function"))
    return
  throw new TypeError("cache must be a token cache, such as new FileTokenCache(path)")
}
