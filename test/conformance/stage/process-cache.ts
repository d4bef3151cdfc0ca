import type { Claim, ClaimSubject, Commit, CommitOptions, StoredToken, TokenCache } from "evertoken"
import { Observable } from "rxjs"
import type { ProcessLife } from "./process-life.js"
import type { StoreFaults, StoreOperation } from "./store-faults.js"

export interface ProcessCacheOptions {
  readonly process: string
  readonly life: ProcessLife
  readonly faults: StoreFaults
}

/** A store as one process reaches it: subject to faults, and only for as long as the process lives. */
export class ProcessCache implements TokenCache {
  readonly name: string
  readonly durable = true
  readonly #cache: TokenCache
  readonly #options: ProcessCacheOptions
  readonly #taken = new Set<Claim>()

  constructor(cache: TokenCache, options: ProcessCacheOptions) {
    this.name = cache.name
    this.#cache = cache
    this.#options = options
  }

  get(key: string): Promise<StoredToken | undefined> {
    return this.#do("get", () => this.#cache.get(key))
  }

  commit(key: string, record: StoredToken, options: CommitOptions): Promise<Commit> {
    return this.#do("commit", () => this.#cache.commit(key, record, options))
  }

  delete(key: string): Promise<void> {
    return this.#do("delete", () => this.#cache.delete(key))
  }

  claim(key: string, subject: ClaimSubject): Claim {
    const claim = this.#cache.claim?.(key, subject)
    if (claim === undefined) throw new Error(`the store ${this.name} has no claims`)
    return {
      look: () => this.#do("claim", () => claim.look()),
      take: (n) => this.#do("claim", () => this.#take(claim, n)),
      markSent: () => this.#do("claim", () => claim.markSent()),
      isHeld: () => this.#do("claim", () => claim.isHeld()),
      release: (extent) => this.#do("claim", () => claim.release(extent)),
      abandon: () => this.#do("claim", () => claim.abandon()),
      reject: () => this.#do("claim", () => claim.reject()),
    }
  }

  changes(key: string): Observable<void> {
    const { life } = this.#options
    return new Observable((subscriber) => {
      const subscription = this.#cache.changes?.(key).subscribe(() => {
        void life.pass(() => Promise.resolve()).then(() => life.run(() => subscriber.next()))
      })
      return () => subscription?.unsubscribe()
    })
  }

  /** The process has died: its claims are those of a dead owner. Nobody else can see that of a process that only seems to have died. */
  async leaveClaims(): Promise<void> {
    for (const claim of this.#taken) await claim.abandon()
    await this.#cache.close?.()
  }

  async close(): Promise<void> {
    await this.#cache.close?.()
  }

  async #take(claim: Claim, n: number): Promise<boolean> {
    const isTaken = await claim.take(n)
    if (isTaken) this.#taken.add(claim)
    return isTaken
  }

  #do<T>(operation: StoreOperation, action: () => Promise<T>): Promise<T> {
    const { process, life, faults } = this.#options
    return life.pass(() => faults.apply(process, operation, action))
  }
}
