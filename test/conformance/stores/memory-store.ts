import { setImmediate as turn } from "node:timers/promises"
import { MemoryTokenCache, type Clock, type StoredToken, type TokenCache } from "evertoken"
import { concat, EMPTY, of, startWith, Subject, switchMap, type Observable } from "rxjs"
import type { OpenStore, StoreMishap, StoreUnderTest } from "./store-under-test.js"

/** A `MemoryTokenCache` that all processes share, as if it were durable: the protocol alone, without any I/O. */
export const memoryStore: StoreUnderTest = {
  name: "memory",
  open: (clock) => Promise.resolve(new SharedMemory(clock)),
  settle: async () => {
    await turn()
    await turn()
  },
}

class SharedMemory implements OpenStore {
  readonly #clock: Clock
  readonly #claims: MemoryTokenCache
  readonly #keys = new Set<string>()
  readonly #replaced = new Subject<"news">()
  #records: MemoryTokenCache
  #backup: readonly (readonly [string, StoredToken])[] = []

  constructor(clock: Clock) {
    this.#clock = clock
    this.#claims = new MemoryTokenCache({ clock })
    this.#records = new MemoryTokenCache({ clock })
  }

  connect(): TokenCache {
    const seen = (key: string) => (this.#keys.add(key), this.#records)
    return {
      name: "memory",
      durable: true,
      get: (key) => seen(key).get(key),
      commit: (key, record, options) => seen(key).commit(key, record, options),
      delete: (key) => seen(key).delete(key),
      claim: (key, subject) => this.#claims.claim(key, subject),
      changes: (key) => this.#changes(key),
    }
  }

  read(key: string): Promise<StoredToken | undefined> {
    return this.#records.get(key)
  }

  async suffer(mishap: StoreMishap): Promise<boolean> {
    if (mishap === "copy is torn") return false
    if (mishap === "is backed up") {
      this.#backup = await this.#contents()
      return true
    }
    // what cannot be read is a miss
    this.#records = new MemoryTokenCache({ clock: this.#clock })
    if (mishap === "is restored") {
      for (const [key, record] of this.#backup) await this.#records.commit(key, record, { expected: undefined })
    }
    this.#replaced.next("news")
    return true
  }

  visibleNames(): Promise<readonly string[]> {
    return Promise.resolve([...this.#keys])
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  /** Of whatever is the store at the time. */
  #changes(key: string): Observable<void> {
    return this.#replaced.pipe(
      startWith(undefined),
      switchMap((news) => concat(news === undefined ? EMPTY : of(undefined), this.#records.changes(key))),
    )
  }

  async #contents() {
    const contents: (readonly [string, StoredToken])[] = []
    for (const key of this.#keys) {
      const record = await this.#records.get(key)
      if (record !== undefined) contents.push([key, record])
    }
    return contents
  }
}
