import { NEVER, type Observable } from "rxjs"
import type { Clock } from "./clock.js"
import { TokenError } from "./errors.js"
import { publish } from "./events.js"
import { MemoryTokenCache } from "./memory-token-cache.js"
import type { Claim, ClaimSubject, Commit, StoredToken, TokenCache } from "./token-cache.js"
import type { TokenVersion } from "./token.js"

export interface CacheStackOptions {
  readonly caches: readonly TokenCache[]
  readonly key: string
  readonly clock: Clock
  readonly storeTimeoutMs: number
}

/** A record, and the name of the cache it came from. */
export interface FoundRecord {
  readonly record: StoredToken
  readonly cache: string
}

/**
 * The caches of one source, nearest first. The last durable one is the authority: what it holds is right. The others
 * only save the way there; one that fails is reported and skipped.
 */
export class CacheStack {
  readonly authority: TokenCache
  readonly key: string
  readonly #isShared: boolean
  readonly #others: readonly TokenCache[]
  readonly #clock: Clock
  readonly #storeTimeoutMs: number
  readonly #silentUntil = new Map<TokenCache, number>()
  #newestFound: StoredToken | undefined

  constructor({ caches, key, clock, storeTimeoutMs }: CacheStackOptions) {
    this.authority = caches.findLast((cache) => cache.durable) ?? caches.at(-1) ?? new MemoryTokenCache({ clock })
    this.key = key
    this.#isShared = caches.length > 0
    this.#others = caches.filter((cache) => cache !== this.authority)
    this.#clock = clock
    this.#storeTimeoutMs = storeTimeoutMs
  }

  /** The newest of the records that {@link find} came upon, whether it was accepted or not. */
  get newestFound(): StoredToken | undefined {
    return this.#newestFound
  }

  /** The authority's record. @throws TokenError `ERR_TOKEN_CACHE` if it cannot be reached in time. */
  read(): Promise<StoredToken | undefined> {
    return this.#guard(this.authority, "get", () => this.#get(this.authority), { once: true })
  }

  /** Compare-and-set in the authority. @throws TokenError `ERR_TOKEN_CACHE` if it cannot be written in time. */
  commit(record: StoredToken, expected: TokenVersion | undefined): Promise<Commit> {
    return this.#guard(this.authority, "commit", async () => {
      const commit = await this.authority.commit(this.key, record, { expected })
      if (!commit.committed) assertOpen(this.authority, commit.current)
      return commit
    })
  }

  /** Whether the authority tells when others may have written to it. */
  get hasChanges(): boolean {
    return this.#isShared && this.authority.changes !== undefined
  }

  /** Emits when others may have written to the authority. */
  changes(): Observable<void> {
    return (this.#isShared ? this.authority.changes?.(this.key) : undefined) ?? NEVER
  }

  /** Whether renewals need claims: not in a memory that is this stack's own, where nobody else would ask for the same. */
  get hasClaims(): boolean {
    return this.#isShared && this.authority.claim !== undefined
  }

  claim(subject: ClaimSubject): Claim {
    const cache = this.authority
    const claim = cache.claim?.(this.key, subject)
    if (claim === undefined) throw new TypeError(`the cache ${cache.name} has no claims`)
    // one that is taken after its time would be nobody's, and block everybody: it is given back once it is there
    let taking: Promise<unknown> | undefined
    const take = (n: number) => {
      const taken = claim.take(n).finally(() => (taking = undefined))
      taking = taken
      return taken
    }
    const release = async (extent: "own" | "all") => {
      if (taking !== undefined) throw tooSlow(cache, "claim.take", this.#storeTimeoutMs)
      return claim.release(extent)
    }
    const abandon = async () => {
      await taking?.catch(() => undefined)
      return claim.abandon()
    }
    return {
      look: () => this.#guard(cache, "claim.look", async () => claim.look()),
      take: (n) => this.#guard(cache, "claim.take", async () => take(n)),
      markSent: () => this.#guard(cache, "claim.markSent", async () => claim.markSent()),
      isHeld: () => this.#guard(cache, "claim.isHeld", async () => claim.isHeld()),
      release: (extent) => this.#guard(cache, "claim.release", () => release(extent), { once: true }),
      abandon: () => this.#guard(cache, "claim.abandon", () => abandon()),
      reject: () => this.#guard(cache, "claim.reject", async () => claim.reject()),
    }
  }

  /** The first record that `accepts`, nearest cache first; those before it are filled with it. */
  async find(accepts: (record: StoredToken) => boolean): Promise<FoundRecord | undefined> {
    const passed: TokenCache[] = []
    for (const cache of [...this.#others, this.authority]) {
      const record = await this.#orUndefined(cache, "get", () => this.#get(cache))
      if (record !== undefined) this.#note(record)
      if (record !== undefined && accepts(record)) {
        await this.#fill(passed, record)
        return { record, cache: cache.name }
      }
      passed.push(cache)
    }
    return undefined
  }

  /** Hands what the authority has to the other caches. Never rejects: a failure there is an event. */
  fillOthers(record: StoredToken): Promise<void> {
    return this.#fill(this.#others, record)
  }

  /** Signs out of every cache, the authority first. */
  async delete(): Promise<void> {
    await this.#guard(this.authority, "delete", async () => this.authority.delete(this.key))
    for (const cache of this.#others) await this.#orUndefined(cache, "delete", async () => cache.delete(this.key))
  }

  async #get(cache: TokenCache): Promise<StoredToken | undefined> {
    const record = await cache.get(this.key)
    assertOpen(cache, record)
    return record
  }

  #note(record: StoredToken): void {
    const { generation } = this.#newestFound?.version ?? { generation: 0 }
    if (record.version.generation > generation) this.#newestFound = record
  }

  async #fill(caches: readonly TokenCache[], record: StoredToken): Promise<void> {
    for (const cache of caches) {
      await this.#orUndefined(cache, "commit", async () => {
        const there = await cache.get(this.key)
        if (there !== undefined && there.version.generation >= record.version.generation) return
        await cache.commit(this.key, record, { expected: there?.version })
      })
    }
  }

  async #orUndefined<T>(cache: TokenCache, operation: string, action: () => Promise<T>): Promise<T | undefined> {
    try {
      return await this.#guard(cache, operation, action, { once: true })
    } catch {
      return undefined // guard has reported it
    }
  }

  /**
   * Bounds and reports what is done with a cache, and makes a `TokenError` of every failure.
   * @param once not waited for while the cache still owes an answer: who asks has waited for that one already, perhaps.
   */
  async #guard<T>(cache: TokenCache, operation: string, action: () => Promise<T>, { once = false } = {}): Promise<T> {
    try {
      return await this.#inTime(cache, operation, action, once)
    } catch (error) {
      const failure = error instanceof TokenError ? error : foreignFailure(cache, operation)
      publish("cache-failed", {
        cache: cache.name,
        key: this.key,
        operation,
        code: failure.code,
        detail: failure.message,
      })
      throw failure
    }
  }

  #inTime<T>(cache: TokenCache, operation: string, action: () => Promise<T>, once: boolean): Promise<T> {
    const clock = this.#clock
    const timeoutMs = this.#storeTimeoutMs
    return new Promise<T>((resolve, reject) => {
      // it is asked all the same: an answer ends the silence
      const isAwaited = !once || clock.monotonic() >= (this.#silentUntil.get(cache) ?? -Infinity)
      const giveUp = () => {
        this.#silentUntil.set(cache, clock.monotonic() + timeoutMs)
        reject(tooSlow(cache, operation, timeoutMs))
      }
      const timer = isAwaited ? clock.setTimer(giveUp, timeoutMs) : undefined
      if (!isAwaited) reject(stillSilent(cache, operation))
      const onAnswer = () => {
        timer?.cancel()
        this.#silentUntil.delete(cache)
      }
      action().then(
        (value) => {
          onAnswer()
          resolve(value)
        },
        (error: unknown) => {
          onAnswer()
          reject(error)
        },
      )
    })
  }
}

// the foreign error may hold a connection string or a record: only its kind is told
function foreignFailure(cache: TokenCache, operation: string): TokenError {
  return new TokenError("ERR_TOKEN_CACHE", `${cache.name}: ${operation} failed`, { transient: true })
}

// taken for a sign-out it would be overwritten, in the clear
function assertOpen(cache: TokenCache, record: StoredToken | undefined): void {
  if (record?.sealed === undefined) return
  const message = `${cache.name}: the token there is encrypted: give the source encrypted(cache, keyring) of evertoken/encryption`
  throw new TokenError("ERR_TOKEN_CACHE", message, { transient: false })
}

function tooSlow(cache: TokenCache, operation: string, timeoutMs: number): TokenError {
  return new TokenError("ERR_TOKEN_CACHE", `${cache.name}: no answer to ${operation} within ${timeoutMs} ms`, {
    transient: true,
  })
}

function stillSilent(cache: TokenCache, operation: string): TokenError {
  const message = `${cache.name}: ${operation} is not waited for: there is no answer yet to an earlier call`
  return new TokenError("ERR_TOKEN_CACHE", message, { transient: true })
}
