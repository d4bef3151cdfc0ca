import { Observable, type Subscriber } from "rxjs"
import type { Clock, Timer } from "../clock.js"
import { between, type Random } from "../random.js"

export interface RowChangesOptions {
  /** The version that `get` gives now, as a text; empty: it gives nothing. */
  readonly look: (key: string) => Promise<string>
  readonly clock: Clock
  readonly random: Random
  readonly pollMs: number
}

interface Watcher {
  readonly subscriber: Subscriber<void>
  /** The version that was told last. */
  seen: string
}

/** Tells of the changes of all keys that somebody watches: looks now and then, and once for all who watch the same. */
export class RowChanges {
  readonly #options: RowChangesOptions
  readonly #feeds = new Map<string, KeyFeed>()
  #isClosed = false

  constructor(options: RowChangesOptions) {
    this.#options = options
  }

  /** Emits after every write, and at first if there is a record: nobody knows what the subscriber has seen. */
  changes(key: string): Observable<void> {
    return new Observable((subscriber) => {
      if (this.#isClosed) {
        subscriber.complete()
        return
      }
      const feed = this.#feeds.get(key) ?? new KeyFeed(() => this.#options.look(key), this.#options)
      this.#feeds.set(key, feed)
      const watcher = { subscriber, seen: "" }
      feed.add(watcher)
      return () => {
        if (feed.remove(watcher) && this.#feeds.get(key) === feed) this.#feeds.delete(key)
      }
    })
  }

  /** Looks at once: this process has written. */
  written(key: string): void {
    this.#feeds.get(key)?.lookAgain()
  }

  close(): void {
    this.#isClosed = true
    for (const feed of this.#feeds.values()) feed.complete()
  }
}

/** Never errors, keeps no process alive. */
class KeyFeed {
  readonly #look: () => Promise<string>
  readonly #options: RowChangesOptions
  readonly #watchers = new Set<Watcher>()
  #timer: Timer | undefined
  #isLooking = false
  #isDueAgain = false

  constructor(look: () => Promise<string>, options: RowChangesOptions) {
    this.#look = look
    this.#options = options
  }

  add(watcher: Watcher): void {
    this.#watchers.add(watcher)
    this.lookAgain()
  }

  /** @returns whether nobody watches any more. */
  remove(watcher: Watcher): boolean {
    this.#watchers.delete(watcher)
    if (this.#watchers.size > 0) return false
    this.#timer?.cancel()
    return true
  }

  complete(): void {
    for (const { subscriber } of this.#watchers) subscriber.complete()
  }

  /** What a look under way finds may be older. */
  lookAgain(): void {
    this.#isDueAgain = true
    if (!this.#isLooking) void this.#lookAndWait()
  }

  async #lookAndWait(): Promise<void> {
    this.#timer?.cancel()
    this.#isLooking = true
    while (this.#isDueAgain && this.#watchers.size > 0) {
      this.#isDueAgain = false
      // a database that cannot be read now is no news: whoever reads it is told why
      const version = await this.#look().catch(() => undefined)
      if (version !== undefined) this.#tell(version)
    }
    this.#isLooking = false
    if (this.#watchers.size === 0) return
    const { clock, random, pollMs } = this.#options
    this.#timer = clock.setTimer(() => this.lookAgain(), pollMs * between(random, 0.75, 1.25), { ref: false })
  }

  #tell(version: string): void {
    for (const watcher of this.#watchers) {
      if (watcher.seen === version) continue
      watcher.seen = version
      watcher.subscriber.next()
    }
  }
}
