import type { Clock } from "./clock.js"
import { TokenError } from "./errors.js"
import { publish } from "./events.js"
import { assertMilliseconds } from "./milliseconds.js"
import { shownValue } from "./shown-value.js"
import type { Token } from "./token.js"

/** When a token is to be renewed, and how long it lasts where the issuer does not say. */
export interface LifetimePolicy {
  /** The share of its lifetime for which a token is fresh. Default 0.75. */
  readonly freshness?: number | undefined
  /** The least time between stale and expired, in milliseconds, up to half of the lifetime. Default 30,000. */
  readonly minimumStaleMs?: number | undefined
  /** Instead of both: how long before expiry a token is stale, in milliseconds, up to half of the lifetime. */
  readonly refreshLeadMs?: number | undefined
  /** The lifetime of a token whose issuer gives none, in milliseconds. Default 300,000. */
  readonly defaultLifetimeMs?: number | undefined
}

/** When a token becomes stale and when it ends, in epoch milliseconds. */
export interface Lifetime {
  readonly staleAt: number
  readonly expiresAt: number
}

/** Ten years: what an issuer gives for longer is cut to that. */
export const LONGEST_LIFETIME_MS = 10 * 365 * 24 * 3600 * 1000

/**
 * The times of a token from what its issuer said about it, as it came: `expiresIn` and `refreshIn` are in seconds, of any type.
 * @throws TokenError `ERR_TOKEN_LIFETIME` if `expiresIn` is zero or negative.
 */
export function lifetimeOf(
  issued: { readonly issuedAt: number; readonly expiresIn?: unknown; readonly refreshIn?: unknown },
  policy: LifetimePolicy = {},
): Lifetime {
  const lifetimeMs = lengthOf(issued.expiresIn, policy)
  const expiresAt = issued.issuedAt + lifetimeMs
  return { expiresAt, staleAt: expiresAt - leadOf(lifetimeMs, secondsOf(issued.refreshIn), policy) }
}

function lengthOf(expiresIn: unknown, { defaultLifetimeMs = 300_000 }: LifetimePolicy): number {
  const seconds = secondsOf(expiresIn)
  if (seconds === undefined) {
    publish("lifetime-assumed", { defaultLifetimeMs, reason: expiresIn === undefined ? "absent" : "not a number" })
    return defaultLifetimeMs
  }
  if (seconds <= 0) {
    throw new TokenError("ERR_TOKEN_LIFETIME", `the issuer's token is over at once: it lasts ${seconds} s`, {
      transient: true,
    })
  }
  return Math.min(seconds * 1000, LONGEST_LIFETIME_MS)
}

/** How long before its end something that lasts `lifetimeMs` is renewed. */
export function leadOf(lifetimeMs: number, refreshIn?: number, policy: LifetimePolicy = {}): number {
  const { freshness = 0.75, minimumStaleMs = 30_000, refreshLeadMs } = policy
  if (refreshLeadMs !== undefined) return Math.min(refreshLeadMs, lifetimeMs / 2)
  if (refreshIn !== undefined && refreshIn > 0) return Math.max(0, lifetimeMs - refreshIn * 1000)
  return Math.max(lifetimeMs * (1 - freshness), Math.min(minimumStaleMs, lifetimeMs / 2))
}

/** A number, or a string of one, as issuers send both. */
function secondsOf(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined
  if (typeof value !== "string" || !/^\s*-?\d+(\.\d+)?\s*$/.test(value)) return undefined
  return Number(value)
}

/** @throws TypeError naming the option. */
export function assertLifetimePolicy(policy: LifetimePolicy): void {
  const { freshness } = policy
  if (freshness !== undefined && !(Number.isFinite(freshness) && freshness > 0 && freshness <= 1)) {
    throw new TypeError(`freshness must be a number above 0, at most 1; got ${shownValue(freshness)}`)
  }
  for (const name of ["minimumStaleMs", "refreshLeadMs", "defaultLifetimeMs"] as const) {
    assertMilliseconds(name, policy[name], { least: name === "defaultLifetimeMs" ? 1 : 0 })
  }
}

export type TokenStatus = "fresh" | "stale" | "expired"

// so late a wall clock is noticed, at most, that was set back to when both clocks were looked at last
const GLANCE_MS = 1_000

/**
 * A token in the memory of this process, with its end on both clocks: it is expired if the wall *or* the monotonic
 * clock says so, and due at once if it seems to come from the future (the wall clock was set back).
 */
export class HeldToken {
  readonly token: Token
  readonly #clock: Clock
  /** What is to be added to a wall time for the monotonic clock's. */
  readonly #offset: number
  #seen: TokenStatus = "expired"
  #seenFrom = Infinity
  #seenUntil = -Infinity

  constructor(token: Token, clock: Clock) {
    this.token = token
    this.#clock = clock
    this.#offset = clock.monotonic() - clock.now()
  }

  /** From its issue to its end, in milliseconds. */
  get lifetimeMs(): number {
    return this.token.expiresAt - this.token.issuedAt
  }

  /** How long it lasts yet, in milliseconds; zero or less once it is expired. */
  leftMs(): number {
    return this.#leftMs(this.#clock.now(), this.#clock.monotonic())
  }

  isExpired(): boolean {
    return this.leftMs() <= 0
  }

  status(minimumValidityMs = 0): TokenStatus {
    const now = this.#clock.now()
    const monotonic = this.#clock.monotonic()
    if (this.#leftMs(now, monotonic) <= 0) return "expired"
    return this.#untilStaleMs(now, monotonic, minimumValidityMs) <= 0 ? "stale" : "fresh"
  }

  /**
   * Its status, for whoever reads it at every turn: one look at the wall clock, and only once a second at the monotonic
   * one, too. A wall clock that is set back is noticed all the same, but for one that is set to within the second since
   * both were looked at: then when that second is over.
   */
  glance(): TokenStatus {
    const now = this.#clock.now()
    return now >= this.#seenFrom && now < this.#seenUntil ? this.#seen : this.#see()
  }

  /** How long it is fresh yet, in milliseconds, for a caller who wants `minimumValidityMs`. */
  untilStaleMs(minimumValidityMs = 0): number {
    return this.#untilStaleMs(this.#clock.now(), this.#clock.monotonic(), minimumValidityMs)
  }

  #see(): TokenStatus {
    this.#seen = this.status()
    const untilNextMs = this.#seen === "fresh" ? this.untilStaleMs() : this.leftMs()
    this.#seenFrom = this.#clock.now()
    this.#seenUntil = this.#seenFrom + Math.min(untilNextMs, GLANCE_MS)
    return this.#seen
  }

  #leftMs(now: number, monotonic: number): number {
    const { expiresAt } = this.token
    return Math.min(expiresAt - now, expiresAt + this.#offset - monotonic)
  }

  #untilStaleMs(now: number, monotonic: number, minimumValidityMs: number): number {
    const { issuedAt, staleAt } = this.token
    if (now < issuedAt) return 0
    const earlierMs = staleAt - staleAtFor(this.token, minimumValidityMs)
    return Math.min(staleAt - now, staleAt + this.#offset - monotonic) - earlierMs
  }
}

/** When a token becomes stale for a caller who wants `minimumValidityMs`: earlier, but not in the first half of its lifetime. */
export function staleAtFor({ issuedAt, staleAt, expiresAt }: Token, minimumValidityMs: number): number {
  const earliest = issuedAt + (expiresAt - issuedAt) / 2
  return Math.min(staleAt, Math.max(earliest, expiresAt - minimumValidityMs))
}
