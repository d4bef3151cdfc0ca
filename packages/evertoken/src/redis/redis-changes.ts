import { Observable } from "rxjs"
import type { Clock, Timer } from "../clock.js"
import { between, type Random } from "../random.js"
import type { ChannelListener } from "./redis-channels.js"

export interface ChangeFeedOptions {
  /** The digest of what is there now, given the one that is known. */
  readonly look: (known: string) => Promise<string>
  /** Listens, until the function returned is called. */
  readonly listen: (listener: ChannelListener) => { readonly mend: () => void; readonly stop: () => void }
  /** The digest that the subscriber has seen. */
  readonly seen: string
  readonly clock: Clock
  readonly random: Random
  readonly pollMs: number
}

/** Emits when the digest has become another one: at once when told, and by looking now and then. Never errors. */
export function observeChanges(open: () => ChangeFeedOptions): Observable<void> {
  return new Observable((subscriber) => {
    const feed = new ChangeFeed(open(), () => subscriber.next())
    return () => feed.stop()
  })
}

class ChangeFeed {
  readonly #options: ChangeFeedOptions
  readonly #emit: () => void
  readonly #listening: ReturnType<ChangeFeedOptions["listen"]>
  #seen: string
  #timer: Timer | undefined
  #isLooking = false
  #stopped = false

  constructor(options: ChangeFeedOptions, emit: () => void) {
    this.#options = options
    this.#emit = emit
    this.#seen = options.seen
    this.#listening = options.listen({ onTold: (digest) => this.#see(digest), onMissed: () => void this.#look() })
    void this.#poll()
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
    this.#listening.stop()
  }

  async #poll(): Promise<void> {
    await this.#look()
    if (this.#stopped) return
    const { clock, random, pollMs } = this.#options
    const next = () => {
      this.#listening.mend()
      void this.#poll()
    }
    this.#timer = clock.setTimer(next, pollMs * between(random, 0.75, 1), { ref: false })
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return
    this.#isLooking = true
    const known = this.#seen
    // a store that cannot be read now is no news: whoever reads it is told why
    const digest = await this.#options.look(known).catch(() => known)
    this.#isLooking = false
    // what was told meanwhile is newer
    if (this.#seen === known) this.#see(digest)
  }

  #see(digest: string): void {
    if (this.#stopped || digest === this.#seen) return
    this.#seen = digest
    this.#emit()
  }
}
