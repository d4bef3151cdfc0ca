import { assertClock, type Clock } from "./clock.js"
import type { ErrorBackoffOptions } from "./error-backoff.js"
import { assertMilliseconds, LONGEST_TIMER_MS } from "./milliseconds.js"
import { assertOptions, type OptionNames } from "./options-object.js"
import { assertRandom, type Random } from "./random.js"
import type { TokenCache } from "./token-cache.js"
import type { TokenSource } from "./token-source.js"

/**
 * Where a {@link CachedTokenSource} keeps its token, and how long it waits for whom. Checked when it is constructed,
 * never changed.
 */
export interface CachedTokenSourceOptions {
  /**
   * Nearest first; a memory cache before them is implied. The last durable one is the authority: it decides which token
   * is the current one, and who may ask the issuer. Default: none, the token lives in this process only.
   */
  readonly caches?: readonly TokenCache[] | undefined
  /**
   * Names the token in its caches. Default: from the source's fingerprint. Needed with a shared cache if the source has
   * none.
   */
  readonly key?: string | undefined
  /** For how long one request to the source may take, in milliseconds. Default 10,000. */
  readonly requestTimeoutMs?: number | undefined
  /** For how long to wait for another process that is renewing the token, in milliseconds. Default 20,000. */
  readonly claimTimeoutMs?: number | undefined
  /**
   * For how long a request waits for a cache that does not answer, in milliseconds. Default 5,000. While an answer is
   * overdue, others that only look there do not wait for it, too, for as long again at most.
   */
  readonly storeTimeoutMs?: number | undefined
  /**
   * For how long the issuer accepts a refresh token again that it has rotated, in milliseconds, as the issuer's
   * documentation says. Default 0: it never does.
   */
  readonly reuseLeewayMs?: number | undefined
  /** An issuer that gave the same token again is not asked sooner than this after it, in milliseconds. Default 10,000. */
  readonly minimumIntervalMs?: number | undefined
  /** How the pauses after failed requests grow. */
  readonly backoff?: ErrorBackoffOptions | undefined
  readonly clock?: Clock | undefined
  readonly random?: Random | undefined
}

const NAMES: OptionNames<CachedTokenSourceOptions> = {
  caches: true,
  key: true,
  requestTimeoutMs: true,
  claimTimeoutMs: true,
  storeTimeoutMs: true,
  reuseLeewayMs: true,
  minimumIntervalMs: true,
  backoff: true,
  clock: true,
  random: true,
}

/** @throws TypeError naming the option. */
export function assertCachedTokenSourceOptions(source: TokenSource, options: CachedTokenSourceOptions): void {
  if (!hasMethod(source, "getToken")) {
    throw new TypeError("source must be a TokenSource: an object with a getToken method")
  }
  assertOptions("CachedTokenSource", options, NAMES)
  const { caches = [], key, clock, random } = options
  if (!Array.isArray(caches) || !caches.every((cache) => hasMethod(cache, "commit"))) {
    throw new TypeError("caches must be an array of token caches")
  }
  if (key !== undefined && (typeof key !== "string" || key === "")) {
    throw new TypeError("key must be a string, and not empty")
  }
  assertLengths(options)
  if (clock !== undefined) assertClock(clock)
  if (random !== undefined) assertRandom(random)
  if (source.singleUse) assertDurable(caches)
  if (source.fingerprint === undefined && key === undefined && caches.some((cache: TokenCache) => cache.durable)) {
    const mend = "give tokenSourceFrom a name, or CachedTokenSource a key"
    throw new TypeError(`key is needed: a cache that others share cannot tell whose token it is; ${mend}`)
  }
}

function assertLengths(options: CachedTokenSourceOptions): void {
  const most = LONGEST_TIMER_MS
  for (const name of ["requestTimeoutMs", "claimTimeoutMs", "storeTimeoutMs"] as const) {
    assertMilliseconds(name, options[name], { least: 1, most })
  }
  for (const name of ["reuseLeewayMs", "minimumIntervalMs"] as const) {
    assertMilliseconds(name, options[name], { least: 0, most })
  }
}

function assertDurable(caches: readonly TokenCache[]): void {
  if (caches.findLast((cache) => cache.durable)?.claim !== undefined) return
  const mend =
    'add one that outlives the process, such as FileTokenCache, or say rotation: "none" if the issuer does not rotate'
  throw new TypeError(`caches has no durable cache, and the source spends a refresh token that works once: ${mend}`)
}

function hasMethod(value: unknown, method: string): boolean {
  return typeof value === "object" && value !== null && typeof Reflect.get(value, method) === "function"
}
