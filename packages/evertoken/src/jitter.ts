import { assertMilliseconds } from "./milliseconds.js"
import { assertOptions } from "./options-object.js"
import type { Random } from "./random.js"
import type { Token } from "./token.js"

/** Spreads the moments at which a fleet renews. */
export interface JitterSource {
  /** How much earlier than `token.staleAt` to renew, in milliseconds. Drawn once per token. */
  earlyMs(token: Pick<Token, "issuedAt" | "staleAt" | "expiresAt">, random: Random): number
}

/** Renews exactly when the token becomes stale. */
export const noJitter: JitterSource = Object.freeze({ earlyMs: () => 0 })

/** How much earlier {@link randomEarly} may renew. */
export interface RandomEarlyOptions {
  /** The longest time to be early, in milliseconds. Default: a tenth of the time for which the token is fresh. */
  readonly maximumMs?: number | undefined
}

/**
 * Renews at a moment drawn evenly from the time before the token becomes stale.
 * @throws TypeError naming the option.
 */
export function randomEarly(options: RandomEarlyOptions = {}): JitterSource {
  assertOptions("randomEarly", options, { maximumMs: true })
  const { maximumMs } = options
  assertMilliseconds("maximumMs", maximumMs, { least: 0 })
  return Object.freeze({
    earlyMs: ({ issuedAt, staleAt }, random: Random) => random() * (maximumMs ?? (staleAt - issuedAt) / 10),
  } satisfies JitterSource)
}
