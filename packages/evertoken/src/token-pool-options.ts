import { assertMilliseconds, LONGEST_TIMER_MS } from "./milliseconds.js"
import { assertOptions, type OptionNames } from "./options-object.js"
import { shownValue } from "./shown-value.js"
import { WATCHER_OPTIONS, type TokenWatcherOptions } from "./watcher-options.js"

/** Those of a watcher, for each key, and how many keys there may be. */
export interface TokenPoolOptions extends Omit<TokenWatcherOptions, "lazy" | "closeSource"> {
  /** How many keys are kept, at most: beyond, the least recently used is closed. Default 10,000. */
  readonly maximumSize?: number | undefined
  /** A key that was not used for so long, up to twice that, is closed, in milliseconds. Default 3,600,000. */
  readonly idleMs?: number | undefined
  /**
   * How many sources are asked at once, at most. Keys without a valid token come first; `attemptTimeoutMs` begins when
   * the source is asked. One that was given up after that time is not counted any more: a request that goes on then,
   * since the source does not heed `signal`, comes on top. Default 32.
   */
  readonly concurrency?: number | undefined
}

const { lazy: _lazy, closeSource: _closeSource, ...EACH_KEY } = WATCHER_OPTIONS
const NAMES: OptionNames<TokenPoolOptions> = { ...EACH_KEY, maximumSize: true, idleMs: true, concurrency: true }

/** @throws TypeError naming the option. */
export function assertTokenPoolOptions(createSource: unknown, options: TokenPoolOptions): void {
  if (typeof createSource !== "function") {
    throw new TypeError(`createSource must be a function of the key; got ${shownValue(createSource)}`)
  }
  assertOptions("TokenPool", options, NAMES)
  assertCount("maximumSize", options.maximumSize)
  assertCount("concurrency", options.concurrency)
  assertMilliseconds("idleMs", options.idleMs, { least: 1, most: LONGEST_TIMER_MS })
}

function assertCount(name: string, value: unknown): void {
  if (value === undefined || (Number.isSafeInteger(value) && Number(value) >= 1)) return
  throw new TypeError(`${name} must be a whole number of at least 1; got ${shownValue(value)}`)
}
