import {
  CachedTokenSource,
  MemoryTokenCache,
  noJitter,
  randomEarly,
  TokenWatcher,
  type CachedTokenSourceOptions,
  type Token,
  type TokenCache,
  type TokenSource,
  type TokenWatcherOptions,
  type WatcherState,
} from "evertoken"
import { seededRandom } from "evertoken/testing"
import { toMs, toOptionalMs } from "../format/duration.js"
import type { ProcessOptions } from "../format/given.js"
import type { ProcessCache } from "./process-cache.js"
import type { ProcessLife } from "./process-life.js"
import { nameOf } from "./secret-names.js"

export interface SimulatedProcessOptions {
  readonly name: string
  readonly options: ProcessOptions
  readonly life: ProcessLife
  readonly source: TokenSource
  readonly cache: ProcessCache
  readonly seed: number
}

/** One process that uses the library: a cached token source, and a watcher over it once it was started. */
export class SimulatedProcess {
  readonly name: string
  readonly life: ProcessLife
  readonly key: string
  /** Names, in the order in which `token$` told them. */
  readonly emitted: string[] = []
  readonly states: WatcherState[] = []
  readonly #options: ProcessOptions
  readonly #cache: ProcessCache
  readonly #seed: number
  readonly #inner: CachedTokenSource
  readonly #tokens: CachedTokenSource
  #watcher: TokenWatcher | undefined

  constructor({ name, options, life, source, cache, seed }: SimulatedProcessOptions) {
    this.name = name
    this.life = life
    this.#options = options
    this.#cache = cache
    this.#seed = seed
    const common = sourceOptions(options, life, seed)
    const before: TokenCache[] = options.memoryCacheFirst ? [new MemoryTokenCache({ clock: life.clock })] : []
    const { key } = options
    this.#inner = new CachedTokenSource(source, {
      ...common,
      caches: [...before, cache],
      ...(key !== undefined && { key }),
    })
    this.#tokens = options.stacked ? new CachedTokenSource(this.#inner, common) : this.#inner
    this.key = this.#inner.key
  }

  get watcher(): TokenWatcher | undefined {
    return this.#watcher
  }

  /** What tokens are asked of: the watcher once it was started, before that the cached token source. */
  get tokens(): TokenSource {
    return this.#watcher ?? this.#tokens
  }

  get state(): WatcherState | undefined {
    return this.states.at(-1)
  }

  async start(): Promise<Token | undefined> {
    const watcher = await this.life.run(() => TokenWatcher.start(this.#tokens, this.#watcherOptions()))
    this.#watcher = watcher
    watcher.state$.subscribe((state) => this.states.push(state))
    if (this.#options.lazy) return undefined
    watcher.token$.subscribe((token) => this.emitted.push(nameOf(token.accessToken)))
    return watcher.current()
  }

  /** As by SIGKILL. Resolves when others can see it. */
  async kill(): Promise<void> {
    if (this.life.isDead) return
    this.life.kill()
    await this.#cache.leaveClaims()
  }

  async close(): Promise<void> {
    await this.life.run(() => this.#watcher?.close())
    await this.life.run(() => this.#tokens.close())
    await this.life.run(() => this.#inner.close())
    await this.#cache.close()
  }

  #watcherOptions(): TokenWatcherOptions {
    const {
      options: { jitter, ...options },
    } = { options: this.#options }
    return {
      startTimeoutMs: toOptionalMs(options.startTimeout),
      lazy: options.lazy,
      jitter: jitter === "none" ? noJitter : randomEarly({ maximumMs: toOptionalMs(jitter) }),
      minimumIntervalMs: toOptionalMs(options.minimumInterval),
      minimumValidityMs: toOptionalMs(options.minimumValidity),
      serveExpiredMs: toOptionalMs(options.serveExpired),
      attemptTimeoutMs: toOptionalMs(options.attemptTimeout),
      closeTimeoutMs: toOptionalMs(options.closeTimeout),
      clock: this.life.clock,
      random: seededRandom(this.#seed + 1),
    }
  }
}

function sourceOptions(options: ProcessOptions, life: ProcessLife, seed: number): CachedTokenSourceOptions {
  const { requestTimeout, claimTimeout, storeTimeout, reuseLeeway, minimumInterval } = options
  return {
    ...(requestTimeout !== undefined && { requestTimeoutMs: toMs(requestTimeout) }),
    ...(claimTimeout !== undefined && { claimTimeoutMs: toMs(claimTimeout) }),
    ...(storeTimeout !== undefined && { storeTimeoutMs: toMs(storeTimeout) }),
    ...(reuseLeeway !== undefined && { reuseLeewayMs: toMs(reuseLeeway) }),
    ...(minimumInterval !== undefined && { minimumIntervalMs: toMs(minimumInterval) }),
    clock: life.clock,
    random: seededRandom(seed),
  }
}
