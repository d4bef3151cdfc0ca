import { assertClock, systemClock, type Clock } from "./clock.js"
import { ErrorBackoff, type ErrorBackoffOptions } from "./error-backoff.js"
import { randomEarly, type JitterSource } from "./jitter.js"
import { assertMilliseconds, LONGEST_TIMER_MS } from "./milliseconds.js"
import { assertOptions, type OptionNames } from "./options-object.js"
import { assertRandom, createRandom, type Random } from "./random.js"
import { shownValue } from "./shown-value.js"
import { SliceTimer, type ResettableTimer } from "./slice-timer.js"
import type { InTurn } from "./source-request.js"
import type { TokenSource } from "./token-source.js"

/** How a {@link TokenWatcher} renews, waits and ends. Checked when it is constructed, never changed. */
export interface TokenWatcherOptions {
  /** For how long to try to get the first token, in milliseconds. Default 30,000. */
  readonly startTimeoutMs?: number | undefined
  /** Begin with the first read (`current()`, `getToken()`, `refresh()`, a subscription to `token$`), not before. Default false. */
  readonly lazy?: boolean | undefined
  /** How much earlier than necessary to renew. Default {@link randomEarly}. */
  readonly jitter?: JitterSource | undefined
  /** The pauses after failures. */
  readonly backoff?: ErrorBackoffOptions | undefined
  /**
   * No token is renewed sooner than this after it was issued, in milliseconds, or than a quarter of its lifetime if
   * that is shorter. Protects an issuer that returns the same token, and one whose tokens an API keeps rejecting.
   * Default 10,000.
   */
  readonly minimumIntervalMs?: number | undefined
  /** Renew so early that the token at hand is always valid for so long yet, in milliseconds, if its lifetime allows. Default 0. */
  readonly minimumValidityMs?: number | undefined
  /** Serve the last token for so long after its end, in milliseconds, if there is no newer one. Default 0. */
  readonly serveExpiredMs?: number | undefined
  /** When to stop waiting for one answer of the source, in milliseconds: it counts as a failure. Default 60,000. */
  readonly attemptTimeoutMs?: number | undefined
  /** For how long `close()` lets a renewal finish that was sent and works once, in milliseconds. Default 5,000. */
  readonly closeTimeoutMs?: number | undefined
  /** Whether the watcher owns its source: `close()`, and a start that fails, close it too. Default true. */
  readonly closeSource?: boolean | undefined
  readonly clock?: Clock | undefined
  readonly random?: Random | undefined
}

export const WATCHER_OPTIONS: OptionNames<TokenWatcherOptions> = {
  startTimeoutMs: true,
  lazy: true,
  jitter: true,
  backoff: true,
  minimumIntervalMs: true,
  minimumValidityMs: true,
  serveExpiredMs: true,
  attemptTimeoutMs: true,
  closeTimeoutMs: true,
  closeSource: true,
  clock: true,
  random: true,
}

/** The options, checked and complete. */
export interface WatcherSettings {
  readonly startTimeoutMs: number
  readonly lazy: boolean
  readonly jitter: JitterSource
  readonly backoff: ErrorBackoff
  readonly minimumIntervalMs: number
  readonly minimumValidityMs: number
  readonly serveExpiredMs: number
  readonly attemptTimeoutMs: number
  readonly closeTimeoutMs: number
  readonly closeSource: boolean
  readonly clock: Clock
  readonly random: Random
  /** The one timer of its loop. */
  readonly createTimer: (onWake: () => void) => ResettableTimer
  /** When it asks its source. Default: at once. */
  readonly inTurn?: InTurn | undefined
}

/** @throws TypeError unless a watcher can keep the tokens of `source`. */
export function assertWatchable(source: TokenSource): void {
  if (typeof (source as Partial<TokenSource> | undefined)?.getToken !== "function") {
    throw new TypeError("source must be a TokenSource: an object with a getToken method")
  }
  if (source.singleUse) {
    throw new TypeError(
      "source spends a refresh token that works once: wrap it in a CachedTokenSource with a durable cache",
    )
  }
}

/** @throws TypeError naming the option. */
export function watcherSettings(options: TokenWatcherOptions): WatcherSettings {
  assertOptions("TokenWatcher", options, WATCHER_OPTIONS)
  const { clock = systemClock, random = createRandom(), jitter = randomEarly(), backoff } = options
  assertClock(clock)
  assertHas("jitter", "earlyMs", (jitter as Partial<JitterSource> | null)?.earlyMs)
  assertRandom(random)
  return {
    startTimeoutMs: milliseconds("startTimeoutMs", options.startTimeoutMs, 30_000, 1),
    lazy: flag("lazy", options.lazy, false),
    jitter,
    backoff: new ErrorBackoff(backoff),
    minimumIntervalMs: milliseconds("minimumIntervalMs", options.minimumIntervalMs, 10_000, 0),
    minimumValidityMs: milliseconds("minimumValidityMs", options.minimumValidityMs, 0, 0),
    serveExpiredMs: milliseconds("serveExpiredMs", options.serveExpiredMs, 0, 0),
    attemptTimeoutMs: milliseconds("attemptTimeoutMs", options.attemptTimeoutMs, 60_000, 1),
    closeTimeoutMs: milliseconds("closeTimeoutMs", options.closeTimeoutMs, 5_000, 0),
    closeSource: flag("closeSource", options.closeSource, true),
    clock,
    random,
    createTimer: (onWake) => new SliceTimer(clock, onWake),
  }
}

function milliseconds(name: string, value: number | undefined, byDefault: number, least: number): number {
  assertMilliseconds(name, value, { least, most: LONGEST_TIMER_MS })
  return value ?? byDefault
}

function flag(name: string, value: boolean | undefined, byDefault: boolean): boolean {
  if (value === undefined || typeof value === "boolean") return value ?? byDefault
  throw new TypeError(`${name} must be true or false; got ${shownValue(value)}`)
}

function assertHas(name: string, method: string, value: unknown): void {
  if (typeof value !== "function") throw new TypeError(`${name} must be an object with the method ${method}`)
}
