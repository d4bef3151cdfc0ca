import { Observable, type Subscriber } from "rxjs"
import { assertClock, systemClock, type Clock } from "./clock.js"
import { ClaimBoard, MemoryClaim } from "./memory-claim.js"
import { assertOptions, type OptionNames } from "./options-object.js"
import { randomId } from "./random.js"
import type { Claim, ClaimSubject, Commit, CommitOptions, StoredToken, TokenCache } from "./token-cache.js"
import { frozenVersion, sameVersion } from "./token.js"

/** What a {@link MemoryTokenCache} may be given. Checked when it is constructed, never changed. */
export interface MemoryTokenCacheOptions {
  /** Measures how long ago a request was sent. Default: the machine's own. */
  readonly clock?: Clock | undefined
}

const NAMES: OptionNames<MemoryTokenCacheOptions> = { clock: true }

/**
 * Tokens in the memory of this process, shared by all who use this instance; gone with it. Safe to use concurrently:
 * each method does all it does at once. None of them rejects.
 */
export class MemoryTokenCache implements TokenCache {
  readonly name = "memory"
  readonly durable: boolean = false
  readonly #clock: Clock
  readonly #records = new Map<string, StoredToken>()
  readonly #claimBoards = new Map<string, Map<string, ClaimBoard>>()
  readonly #watchers = new Map<string, Set<Subscriber<void>>>()

  /** @throws TypeError naming the option. */
  constructor(options: MemoryTokenCacheOptions = {}) {
    assertOptions("MemoryTokenCache", options, NAMES)
    const { clock = systemClock } = options
    assertClock(clock)
    this.#clock = clock
  }

  async get(key: string): Promise<StoredToken | undefined> {
    return this.#records.get(key)
  }

  /** A record that is not of a higher generation than the one there is refused, too. */
  async commit(key: string, record: StoredToken, { expected }: CommitOptions): Promise<Commit> {
    const current = this.#records.get(key)
    const later = current === undefined || record.version.generation > current.version.generation
    if (!later || !sameVersion(current?.version, expected)) return { committed: false, current }
    this.#write(key, record)
    return { committed: true }
  }

  async delete(key: string): Promise<void> {
    const current = this.#records.get(key)
    const lineage = current?.version.lineage ?? randomId()
    const generation = (current?.version.generation ?? 0) + 1
    this.#write(key, { version: { lineage, generation, id: randomId() }, lineages: current?.lineages ?? [] })
  }

  claim(key: string, { what }: ClaimSubject): Claim {
    return new MemoryClaim(() => this.#boardOf(key, what), this.#clock)
  }

  /** Emits after every write to this instance, the subscriber's own ones included, never within the write. */
  changes(key: string): Observable<void> {
    return new Observable((subscriber) => {
      const watchers = this.#watchers.get(key) ?? new Set()
      this.#watchers.set(key, watchers.add(subscriber))
      return () => {
        watchers.delete(subscriber)
        if (watchers.size === 0) this.#watchers.delete(key)
      }
    })
  }

  #write(key: string, record: StoredToken): void {
    this.#records.set(key, frozen(record))
    for (const watcher of this.#watchers.get(key) ?? []) queueMicrotask(() => watcher.next())
  }

  #boardOf(key: string, what: string): ClaimBoard {
    const boards = this.#claimBoards.get(key) ?? new Map<string, ClaimBoard>()
    for (const [subject, board] of boards) if (board.empty) boards.delete(subject)
    const board = boards.get(what) ?? new ClaimBoard()
    this.#claimBoards.set(key, boards.set(what, board))
    return board
  }
}

// the caller's object may change later, the record must not
function frozen({ version, token, sealed, fingerprint, lineages, restoredAt }: StoredToken): StoredToken {
  return Object.freeze({
    version: frozenVersion(version),
    token,
    ...(sealed && { sealed: Object.freeze({ ...sealed }) }),
    ...(restoredAt !== undefined && { restoredAt }),
    fingerprint,
    lineages: Object.freeze([...lineages]),
  })
}
