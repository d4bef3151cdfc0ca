import type { CacheStack } from "./cache-stack.js"
import type { Clock } from "./clock.js"
import { TokenError } from "./errors.js"
import { publish } from "./events.js"
import type { KnownToken } from "./known-token.js"
import { randomId } from "./random.js"
import { isNoSuccessor, onTopOf } from "./renewal-plan.js"
import type { StoredToken } from "./token-cache.js"
import { sameVersion, type Token, type TokenVersion } from "./token.js"

// each one that does not end it has lost a race against another process
const MOST_ROUNDS = 100

export interface AuthorityOptions {
  readonly stack: CacheStack
  readonly known: KnownToken
  readonly clock: Clock
}

/** The authority of a cache stack and what this process knows of it, kept in step. */
export class Authority {
  readonly #stack: CacheStack
  readonly #known: KnownToken
  readonly #clock: Clock
  /** The id of the record that was written last: whoever looks meanwhile may find it before the write has returned. */
  #written: string | undefined

  constructor({ stack, known, clock }: AuthorityOptions) {
    this.#stack = stack
    this.#known = known
    this.#clock = clock
  }

  /**
   * Takes over what is newer there, or puts back what is older or missing there: it was emptied, or a write failed. A
   * process that knows nothing yet puts back what it found in another cache, be it expired: its refresh token is not.
   * @returns whether something newer was taken over.
   * @throws TokenError `ERR_TOKEN_CACHE`
   */
  async look(): Promise<boolean> {
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const stored = await this.#stack.read()
      if (stored !== undefined && this.#known.outlasts(stored)) this.#known.renumber(stored)
      if (stored !== undefined && this.#known.adopt(stored)) return this.#adopted(stored)
      const record = this.#known.record ?? (stored === undefined ? this.#foundElsewhere() : undefined)
      if (record === undefined || sameVersion(stored?.version, record.version)) return false
      const refill = this.#isKnownToOthers() ? { ...record, restoredAt: this.#clock.now() } : record
      const { committed } = await this.#stack.commit(refill, stored?.version)
      if (committed) this.#known.adopt(refill)
    }
    throw this.#tooFast()
  }

  /**
   * Writes `record`, if `expected` is there still, or what does not make it obsolete; else takes over what is there instead.
   * @param previous what `record` was exchanged for
   * @returns the generation written, if any was.
   * @throws TokenError `ERR_TOKEN_CACHE`
   */
  async commit(
    record: StoredToken,
    expected: TokenVersion | undefined,
    previous?: Token,
    round = 1,
  ): Promise<number | undefined> {
    this.#written = record.version.id
    const commit = await this.#stack.commit(record, expected)
    if (!commit.committed) return this.#refused(record, commit.current, previous, round)
    this.#known.take(record, { written: true })
    await this.#stack.fillOthers(record)
    return record.version.generation
  }

  /** Writes the token of a sign-in as what follows anything that is there: a lineage of its own. @throws TokenError `ERR_TOKEN_CACHE` */
  async signIn(token: Token): Promise<void> {
    const lineage = randomId()
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const stored = await this.#stack.read()
      // a commit that was refused may have been seen all the same, and its refresh token used by whoever saw it
      if (stored?.version.lineage === lineage) return void (this.#known.adopt(stored) && (await this.#adopted(stored)))
      const record = this.#known.signedIn(token, { lineage, after: stored })
      this.#written = record.version.id
      const { committed } = await this.#stack.commit(record, stored?.version)
      if (!committed) continue
      this.#known.take(record, { written: true })
      return this.#stack.fillOthers(record)
    }
    throw this.#tooFast()
  }

  /** What could not be written is served from memory, and is the first thing that the next look writes. */
  keepUnwritten(record: StoredToken, previous: Token | undefined): void {
    const { key, authority } = this.#stack
    const { generation } = record.version
    if (this.#known.take(record, { written: false, previous }))
      publish("unwritten", { key, cache: authority.name, generation })
  }

  async #refused(
    record: StoredToken,
    current: StoredToken | undefined,
    previous: Token | undefined,
    round: number,
  ): Promise<number | undefined> {
    if (current !== undefined && isNoSuccessor(current, { ...record, ...record.version, previous })) {
      if (round === MOST_ROUNDS) throw this.#tooFast()
      const generation = await this.commit(onTopOf(current, record), current.version, previous, round + 1)
      return current.token === undefined ? undefined : generation
    }
    if (current !== undefined && this.#known.adopt(current)) {
      await this.#adopted(current)
      return undefined
    }
    // nothing newer there: the store was emptied or rolled back meanwhile, and gets the record as a refill
    if (!this.#known.take(record, { written: false, previous })) return undefined
    await this.look()
    if (!sameVersion(this.#known.record?.version, record.version)) return undefined
    await this.#stack.fillOthers(record)
    return record.version.generation
  }

  // what this process could not write, nobody else can have spent
  #isKnownToOthers(): boolean {
    return this.#known.record === undefined || this.#known.written
  }

  #foundElsewhere(): StoredToken | undefined {
    const { newestFound } = this.#stack
    return newestFound !== undefined && this.#known.concerns(newestFound) ? newestFound : undefined
  }

  #tooFast(): TokenError {
    const message = `${this.#stack.authority.name}: changes faster than it can be looked at`
    return new TokenError("ERR_TOKEN_CACHE", message, { transient: true })
  }

  async #adopted(record: StoredToken): Promise<true> {
    const cache = this.#stack.authority.name
    const isForeign = record.version.id !== this.#written && this.#known.isOwn(record)
    const { version, token } = record
    if (isForeign) {
      publish("adopted", { key: this.#stack.key, generation: version.generation, expiresAt: token?.expiresAt, cache })
    }
    await this.#stack.fillOthers(record)
    return true
  }
}
