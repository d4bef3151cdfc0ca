import type { Observable } from "rxjs"
import type { Clock } from "../../clock.js"
import { ClaimBoard, MemoryClaim } from "../../memory-claim.js"
import { MemoryTokenCache } from "../../memory-token-cache.js"
import type { Claim, ClaimSubject, Commit, CommitOptions, StoredToken, TokenCache } from "../../token-cache.js"
import { Faults, type FaultyOperation } from "./faults.js"

/** Called before each operation is carried out: a test may hold it there. */
export type BeforeOperation = (operation: FaultyOperation) => Promise<void>

/** A durable store that several simulated processes share, each by a connection of its own. */
export class SharedStore {
  readonly clock: Clock
  /** Of the store itself: every connection suffers from them. */
  readonly faults: Faults
  /** Each record that was written, oldest first. */
  readonly written: StoredToken[] = []
  readonly #claims = new Map<string, ClaimBoard>()
  #records: MemoryTokenCache

  constructor(clock: Clock) {
    this.clock = clock
    this.faults = new Faults(clock)
    this.#records = new MemoryTokenCache({ clock })
  }

  open(before?: BeforeOperation): StoreConnection {
    return new StoreConnection(this, before)
  }

  get(key: string): Promise<StoredToken | undefined> {
    return this.#records.get(key)
  }

  async commit(key: string, record: StoredToken, options: CommitOptions): Promise<Commit> {
    const commit = await this.#records.commit(key, record, options)
    if (commit.committed) this.written.push(record)
    return commit
  }

  async delete(key: string): Promise<void> {
    await this.#records.delete(key)
    const mark = await this.#records.get(key)
    if (mark !== undefined) this.written.push(mark)
  }

  claim(key: string, subject: ClaimSubject): Claim {
    const name = `${key} ${subject.what}`
    const board = () => {
      const there = this.#claims.get(name) ?? new ClaimBoard()
      this.#claims.set(name, there)
      return there
    }
    return new MemoryClaim(board, this.clock)
  }

  changes(key: string): Observable<void> {
    return this.#records.changes(key)
  }

  /** Somebody removes the file; its claims beside it stay. */
  async empty(): Promise<void> {
    this.#records = new MemoryTokenCache({ clock: this.clock })
  }

  /** A server that starts again without its data: claims, marks and tombstones are gone, too. */
  async wipe(): Promise<void> {
    await this.empty()
    this.#claims.clear()
  }

  /** Somebody restores a backup. */
  async rollBack(key: string, record: StoredToken): Promise<void> {
    await this.empty()
    await this.#records.commit(key, record, { expected: undefined })
  }
}

/** One process's view of the store. */
export class StoreConnection implements TokenCache {
  readonly name = "shared"
  readonly durable = true
  /** Of this connection alone. */
  readonly faults: Faults
  /** How often each operation was asked for. */
  readonly asked = new Map<FaultyOperation, number>()
  readonly #store: SharedStore
  readonly #before: BeforeOperation | undefined
  readonly #taken = new Set<Claim>()
  #cut = false

  constructor(store: SharedStore, before: BeforeOperation | undefined) {
    this.#store = store
    this.#before = before
    this.faults = new Faults(store.clock)
  }

  get(key: string): Promise<StoredToken | undefined> {
    return this.#do("get", () => this.#store.get(key))
  }

  commit(key: string, record: StoredToken, options: CommitOptions): Promise<Commit> {
    return this.#do("commit", () => this.#store.commit(key, record, options))
  }

  delete(key: string): Promise<void> {
    return this.#do("delete", () => this.#store.delete(key))
  }

  claim(key: string, subject: ClaimSubject): Claim {
    const claim = this.#store.claim(key, subject)
    return {
      look: () => this.#do("claim.look", () => claim.look()),
      take: (n) => this.#do("claim.take", () => this.#take(claim, n)),
      markSent: () => this.#do("claim.markSent", () => claim.markSent()),
      isHeld: () => this.#do("claim.isHeld", () => claim.isHeld()),
      release: (extent) => this.#do("claim.release", () => claim.release(extent)),
      abandon: () => this.#do("claim.abandon", () => claim.abandon()),
      reject: () => this.#do("claim.reject", () => claim.reject()),
    }
  }

  changes(key: string): Observable<void> {
    return this.#store.changes(key)
  }

  /** The process is killed: nothing it asks for is done from here on, and its claims are those of a dead owner. */
  async cut(): Promise<void> {
    this.#cut = true
    for (const claim of this.#taken) await claim.abandon()
  }

  async #take(claim: Claim, n: number): Promise<boolean> {
    const taken = await claim.take(n)
    if (taken && this.#cut) await claim.abandon()
    if (taken) this.#taken.add(claim)
    return taken
  }

  async #do<T>(operation: FaultyOperation, action: () => Promise<T>): Promise<T> {
    this.asked.set(operation, (this.asked.get(operation) ?? 0) + 1)
    await this.#before?.(operation)
    return this.faults.apply(operation, () =>
      this.#store.faults.apply(operation, () => (this.#cut ? new Promise<T>(() => {}) : action())),
    )
  }
}
