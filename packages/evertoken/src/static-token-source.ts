import { assertClock, systemClock, type Clock } from "./clock.js"
import { TokenError } from "./errors.js"
import { assertMilliseconds } from "./milliseconds.js"
import { assertOptions, type OptionNames } from "./options-object.js"
import { LONGEST_LIFETIME_MS } from "./token-lifetime.js"
import { fingerprintOf, hashOf, type TokenRequest, type TokenSource } from "./token-source.js"
import { Token } from "./token.js"

/** How long a constant token lasts. Checked when it is constructed, never changed. */
export interface StaticTokenSourceOptions {
  /** From the construction on, in milliseconds, for a token given as a string. Default: ten years. */
  readonly lifetimeMs?: number | undefined
  readonly clock?: Clock | undefined
}

const NAMES: OptionNames<StaticTokenSourceOptions> = { lifetimeMs: true, clock: true }

/**
 * A constant token: an API key, a personal access token, a token made by hand. It never becomes stale, since no newer
 * one can come. Safe to call concurrently.
 */
export class StaticTokenSource implements TokenSource {
  readonly fingerprint: string
  readonly #token: Token
  readonly #clock: Clock

  /** @throws TypeError that names the option, and never tells the token. */
  constructor(token: Token | string, options: StaticTokenSourceOptions = {}) {
    assertOptions("StaticTokenSource", options, NAMES)
    const { lifetimeMs, clock = systemClock } = options
    assertMilliseconds("lifetimeMs", lifetimeMs, { least: 1 })
    assertClock(clock)
    if (token instanceof Token && lifetimeMs !== undefined) {
      throw new TypeError("lifetimeMs is for a token given as a string: a Token has an expiresAt of its own")
    }
    this.#clock = clock
    this.#token = constant(token, lifetimeMs ?? LONGEST_LIFETIME_MS, clock)
    this.fingerprint = fingerprintOf({ grant: ["static", hashOf(this.#token.accessToken)], access: [] })
  }

  /** Rejects with `ERR_TOKEN_EXPIRED` past its end, and with `ERR_TOKEN_UNCHANGED` if a newer one is asked for. */
  async getToken({ signal, newerThan }: TokenRequest = {}): Promise<Token> {
    signal?.throwIfAborted()
    if (this.#clock.now() >= this.#token.expiresAt) {
      throw new TokenError("ERR_TOKEN_EXPIRED", "the constant token has expired", { transient: false })
    }
    if (newerThan?.accessToken === this.#token.accessToken) {
      throw new TokenError("ERR_TOKEN_UNCHANGED", "a newer token was asked for, and this one is constant", {
        transient: false,
      })
    }
    return this.#token
  }
}

function constant(token: unknown, lifetimeMs: number, clock: Clock): Token {
  if (token instanceof Token) return token.with({ staleAt: token.expiresAt })
  if (typeof token !== "string" || token === "") {
    const got = token === "" ? "an empty string" : String(token === null ? null : typeof token)
    throw new TypeError(`token must be a Token, or a string that is not empty; got ${got}`)
  }
  const issuedAt = clock.now()
  const expiresAt = issuedAt + lifetimeMs
  return new Token({ accessToken: token, issuedAt, staleAt: expiresAt, expiresAt })
}
