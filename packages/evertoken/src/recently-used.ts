/** Keys in the order of their use. Each operation takes the same time, however many there are. */
export class RecentlyUsed<T extends Linked<T>> {
  #newest: T | undefined
  #oldest: T | undefined

  /** The least recently used. */
  get oldest(): T | undefined {
    return this.#oldest
  }

  /** It is the most recently used from now on. */
  use(item: T): void {
    this.remove(item)
    item.older = this.#newest
    if (this.#newest !== undefined) this.#newest.newer = item
    this.#newest = item
    this.#oldest ??= item
  }

  /** Harmless if it is not in the list. */
  remove(item: T): void {
    if (item.newer !== undefined) item.newer.older = item.older
    else if (this.#newest === item) this.#newest = item.older
    if (item.older !== undefined) item.older.newer = item.newer
    else if (this.#oldest === item) this.#oldest = item.newer
    item.newer = undefined
    item.older = undefined
  }
}

/** What can be in a {@link RecentlyUsed}: one at a time. */
export interface Linked<T> {
  newer: T | undefined
  older: T | undefined
}
