import { Observable, type Subscriber } from "rxjs"
import type { Clock, Timer } from "../clock.js"
import { between, type Random } from "../random.js"
import { hashOf } from "../token-source.js"
import type { Listen } from "./notifications.js"

export interface ChangeFeedOptions {
  /** Looks up the revisions of these keys; those without a record are not in the answer. */
  readonly revisionsOf: (keys: readonly string[]) => Promise<ReadonlyMap<string, string>>
  /** Undefined: polling is all there is. */
  readonly listen: Listen | undefined
  /** Whether there is nothing to ask any more, since the pool was ended. */
  readonly isEnded: () => boolean
  readonly pollMs: number
  readonly clock: Clock
  readonly random: Random
}

interface Watcher {
  readonly key: string
  readonly hash: string
  readonly subscriber: Subscriber<void>
  /** The revision that was told last. */
  seen: string | undefined
  /** Whether the database was looked at for it. */
  isKnown: boolean
}

/** A connection that listens. */
interface Line {
  /** Undefined: it does not listen yet. */
  end: (() => void) | undefined
}

// a standby, say, lets nobody listen
const LISTEN_AGAIN_MS = 5_000

/**
 * Tells of the changes of all keys that somebody watches, by one connection that listens and one look every `pollMs` for
 * what it has missed. Runs while somebody watches. Never errors, keeps no process alive.
 */
export class ChangeFeed {
  readonly #options: ChangeFeedOptions
  readonly #watchers = new Set<Watcher>()
  #timer: Timer | undefined
  #line: Line | undefined
  #listenAgainAt = -Infinity
  #looking = false
  #again = false
  #closed = false

  constructor(options: ChangeFeedOptions) {
    this.#options = options
  }

  /** Emits after every write, and at first if there is a record: nobody knows what the subscriber has seen. */
  changes(key: string): Observable<void> {
    return new Observable((subscriber) => {
      if (this.#closed) {
        subscriber.complete()
        return
      }
      const watcher = { key, hash: hashOf(key), subscriber, seen: undefined, isKnown: false }
      this.#watchers.add(watcher)
      void this.#look()
      if (this.#watchers.size === 1) this.#poll()
      return () => {
        this.#watchers.delete(watcher)
        if (this.#watchers.size === 0) this.#rest()
      }
    })
  }

  close(): void {
    this.#closed = true
    for (const { subscriber } of this.#watchers) subscriber.complete()
  }

  #poll(): void {
    const { clock, random, pollMs } = this.#options
    this.#listen()
    const next = () => void this.#look().then(() => (this.#timer === timer ? this.#poll() : undefined))
    const timer = clock.setTimer(next, between(random, pollMs / 2, (pollMs * 3) / 2), { ref: false })
    this.#timer = timer
  }

  #rest(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#hangUp()
  }

  #listen(): void {
    const { listen, clock } = this.#options
    if (listen === undefined || this.#line !== undefined || clock.monotonic() < this.#listenAgainAt) return
    const line: Line = { end: undefined }
    this.#line = line
    const isCurrent = () => this.#line === line
    const onNews = (payload: string) => {
      if (isCurrent()) this.#hear(payload)
    }
    const onLost = () => {
      if (isCurrent()) this.#hangUp()
    }
    const begun = (end: () => void) => {
      if (!isCurrent()) return void end()
      line.end = end
      // something may have been missed before
      void this.#look()
    }
    const failed = () => {
      this.#listenAgainAt = clock.monotonic() + LISTEN_AGAIN_MS
      onLost()
    }
    void listen({ onNews, onLost }).then(begun, failed)
  }

  #hangUp(): void {
    this.#line?.end?.()
    this.#line = undefined
  }

  #hear(payload: string): void {
    const [hash, revision] = payload.split(":")
    for (const watcher of this.#watchers) if (watcher.hash === hash) tell(watcher, revision)
  }

  async #look(): Promise<void> {
    this.#again = true
    if (this.#looking) return
    this.#looking = true
    while (this.#again && this.#watchers.size > 0) {
      this.#again = false
      await this.#lookOnce()
    }
    this.#looking = false
  }

  // a database that cannot be read now is no news; whoever reads it is told why
  async #lookOnce(): Promise<void> {
    const watchers = [...this.#watchers]
    try {
      const revisions = await this.#options.revisionsOf([...new Set(watchers.map(({ key }) => key))])
      const told = watchers.filter((watcher) => tell(watcher, revisions.get(watcher.key)))
      // a connection that did not tell is a dead one, perhaps
      if (told.some(({ isKnown }) => isKnown) && this.#line?.end) this.#hangUp()
      for (const watcher of watchers) watcher.isKnown = true
    } catch {
      if (this.#options.isEnded()) this.close()
    }
  }
}

function tell(watcher: Watcher, revision: string | undefined): boolean {
  if (watcher.seen === revision) return false
  watcher.seen = revision
  watcher.subscriber.next()
  return true
}
