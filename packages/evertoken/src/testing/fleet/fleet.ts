import { Subject, type Observable } from "rxjs"
import { CachedTokenSource } from "../../cached-token-source.js"
import type { Clock } from "../../clock.js"
import { noJitter, randomEarly } from "../../jitter.js"
import { MemoryTokenCache } from "../../memory-token-cache.js"
import { seededRandom, type Random } from "../../random.js"
import { SharedTimer } from "../../shared-timer.js"
import type { TokenRequest, TokenSource } from "../../token-source.js"
import type { Token } from "../../token.js"
import { createWatcher, type TokenWatcher } from "../../token-watcher.js"
import { watcherSettings, type WatcherSettings } from "../../watcher-options.js"
import type { FleetSettings } from "./fleet-options.js"

/** Those who share it take it for what outlives them, as a file or a database. */
class SharedStore extends MemoryTokenCache {
  override readonly durable = true
}

/** Nobody here gives up waiting: to listen for that would be a third of the work. */
class PatientSource extends CachedTokenSource {
  override getToken(request?: TokenRequest): Promise<Token> {
    if (request === undefined) return super.getToken()
    const { newerThan, minimumValidityMs } = request
    return super.getToken({ newerThan, minimumValidityMs })
  }
}

class Instance {
  readonly watcher: TokenWatcher
  staleAt = -Infinity
  hasFailed = false

  constructor(watcher: TokenWatcher) {
    this.watcher = watcher
  }
}

/** Processes that each keep a token ready, alone or with those they share a store with. They begin as time passes. */
export class Fleet {
  readonly #clock: Clock
  readonly #random: Random
  readonly #newToken = new Subject<number>()
  readonly #instances: Instance[] = []

  constructor(issuer: TokenSource, clock: Clock, settings: FleetSettings) {
    this.#clock = clock
    this.#random = seededRandom(settings.seed)
    const watching = this.#watching(settings)
    const { instances, instancesPerStore, startWithinMs } = settings
    for (let first = 0; first < instances; first += instancesPerStore) {
      const caches = instancesPerStore > 1 ? [new SharedStore({ clock })] : []
      const startsInMs = this.#random() * startWithinMs
      for (let index = first; index < Math.min(first + instancesPerStore, instances); index++) {
        const source = new PatientSource(issuer, { caches, clock, random: this.#random })
        this.#add(createWatcher(source, watching), startsInMs)
      }
    }
  }

  /** The index of an instance whenever it has another token. */
  get newToken$(): Observable<number> {
    return this.#newToken
  }

  /** Those that have no fresh token. */
  overdue(): number[] {
    const now = this.#clock.now()
    return [...this.#instances.entries()].filter(([, { staleAt }]) => staleAt <= now).map(([index]) => index)
  }

  /** How many have found, at some time, that the token they had was not valid any more. */
  get failed(): number {
    return this.#instances.filter(({ hasFailed }) => hasFailed).length
  }

  /**
   * Every `step`-th instance, from the one with this index on, reads its token, if it ever had one.
   * @returns how many did, and how many of them found none that is valid
   */
  read(from: number, step: number): { readonly reads: number; readonly failed: number } {
    const now = this.#clock.now()
    let [reads, failed] = [0, 0]
    for (let index = from; index < this.#instances.length; index += step) {
      const instance = this.#instances[index]
      if (instance === undefined || instance.staleAt === -Infinity) continue
      reads++
      // as long as a token is fresh there is nothing to find out
      if (now < instance.staleAt) continue
      try {
        instance.watcher.current()
      } catch {
        failed++
        instance.hasFailed = true
      }
    }
    return { reads, failed }
  }

  /** As every watcher, but on one timer: if each looked at the clock every 30 s, a day of ten thousand took minutes. */
  #watching({ jitterMs }: FleetSettings): WatcherSettings {
    const [clock, random] = [this.#clock, this.#random]
    const timer = new SharedTimer(clock)
    const jitter = jitterMs === 0 ? noJitter : randomEarly({ maximumMs: jitterMs })
    const settings = watcherSettings({ clock, random, jitter, lazy: true })
    return { ...settings, createTimer: (onWake) => timer.create(onWake) }
  }

  #add(watcher: TokenWatcher, startsInMs: number): void {
    const instance = new Instance(watcher)
    const index = this.#instances.push(instance) - 1
    const start = () =>
      watcher.token$.subscribe(({ staleAt }) => {
        instance.staleAt = staleAt
        this.#newToken.next(index)
      })
    this.#clock.setTimer(start, startsInMs)
  }
}
