import { CachedTokenSource, type CachedTokenSourceOptions } from "../../cached-token-source.js"
import type { Clock, Timer } from "../../clock.js"
import { seededRandom } from "../../random.js"
import type { TokenSource } from "../../token-source.js"
import type { Token } from "../../token.js"
import type { StoredToken, TokenCache } from "../../token-cache.js"
import { VirtualClock } from "../virtual-clock.js"
import { SharedStore, type BeforeOperation, type StoreConnection } from "./shared-store.js"
import { StrictIssuer, type StrictIssuerOptions } from "./strict-issuer.js"

export const KEY = "key"

export interface ProcessOptions extends CachedTokenSourceOptions {
  /** Caches before the shared one. */
  readonly before?: readonly TokenCache[]
  readonly beforeOperation?: BeforeOperation
}

/** Several processes, a store that they share, and an issuer, all on one clock. */
export class Simulation {
  readonly clock = new VirtualClock()
  readonly store = new SharedStore(this.clock)
  readonly issuer: StrictIssuer
  #processes = 0

  constructor(options: StrictIssuerOptions = {}) {
    this.issuer = new StrictIssuer(this.clock, options)
  }

  start(source: TokenSource, { before = [], beforeOperation, ...options }: ProcessOptions = {}): SimulatedProcess {
    const clock = new ProcessClock(this.clock)
    const connection = this.store.open(beforeOperation)
    const tokens = new CachedTokenSource(source, {
      key: KEY,
      caches: [...before, connection],
      clock,
      random: seededRandom(++this.#processes),
      ...options,
    })
    const kill = () => {
      clock.stop()
      return connection.cut()
    }
    return { tokens, connection, kill }
  }

  stored(): Promise<StoredToken | undefined> {
    return this.store.get(KEY)
  }

  /** @throws Error if there is none. */
  async record(): Promise<StoredToken & { readonly token: Token }> {
    const stored = await this.stored()
    const { token } = stored ?? {}
    if (stored === undefined || token === undefined) throw new Error("no token is stored")
    return { ...stored, token }
  }

  /**
   * Lets as much time pass as `promise` needs, and no more.
   * @throws Error if it does not settle within `limitMs`, or nothing is left that it could wait for.
   */
  async outcome<T>(promise: Promise<T>, limitMs = 120_000): Promise<T> {
    const progress = { settled: false }
    const noted = promise.finally(() => (progress.settled = true))
    noted.catch(() => undefined)
    const until = this.clock.monotonic() + limitMs
    await this.clock.advance(0)
    while (!progress.settled) {
      const { nextTimerInMs } = this.clock
      if (nextTimerInMs === undefined) throw new Error("nothing is left to wait for")
      if (this.clock.monotonic() + nextTimerInMs > until) throw new Error(`not settled within ${limitMs} ms`)
      await this.clock.advance(nextTimerInMs)
    }
    return noted
  }

  /** Of what is looked at later: a rejection before that is not unhandled. */
  begin<T>(promise: Promise<T>): Promise<T> {
    promise.catch(() => undefined)
    return promise
  }

  /** What it rejects with. @throws Error if it does not. */
  async failure(promise: Promise<unknown>, limitMs?: number): Promise<unknown> {
    const failures: unknown[] = []
    const failing = promise.then(
      () => {},
      (error: unknown) => void failures.push(error),
    )
    await this.outcome(failing, limitMs)
    if (failures.length === 0) throw new Error("it was to fail, and did not")
    return failures[0]
  }
}

export interface SimulatedProcess {
  readonly tokens: CachedTokenSource
  readonly connection: StoreConnection
  /** As by SIGKILL: nothing more is done, and nothing is cleaned up. */
  readonly kill: () => Promise<void>
}

/** A process's own timers, which end with it. */
class ProcessClock implements Clock {
  readonly #clock: Clock
  readonly #timers = new Set<Timer>()
  #stopped = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  now(): number {
    return this.#clock.now()
  }

  monotonic(): number {
    return this.#clock.monotonic()
  }

  setTimer(callback: () => void, delayMs: number, options?: { readonly ref?: boolean }): Timer {
    if (this.#stopped) return { cancel: () => {} }
    const timer = this.#clock.setTimer(
      () => {
        this.#timers.delete(timer)
        callback()
      },
      delayMs,
      options,
    )
    this.#timers.add(timer)
    const cancel = () => {
      this.#timers.delete(timer)
      timer.cancel()
    }
    return { cancel }
  }

  stop(): void {
    this.#stopped = true
    for (const timer of this.#timers) timer.cancel()
  }
}
