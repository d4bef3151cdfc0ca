import type { Presentation } from "./events.js"
import type { ClaimView } from "./token-cache.js"

/**
 * The longest time from taking a claim, or from its mark, to the request, in milliseconds. Whoever finds that more has
 * passed was stopped in between, may have been overtaken, and starts over.
 */
export const LONGEST_PAUSE_BEFORE_SENDING_MS = 5_000

/** What a waiter knows when it decides whether to take the next claim (design, section 6). */
export interface ClaimSituation {
  readonly view: ClaimView
  readonly singleUse: boolean
  /** What is left of the access token at hand, in milliseconds; zero or less: nothing. */
  readonly leftMs: number
  /** For how long this waiter has seen the same claim, in milliseconds. */
  readonly stoodStillMs: number
  readonly requestTimeoutMs: number
  /** For how long after the sent mark the issuer surely still takes the same token again, in milliseconds. */
  readonly safeReuseMs: number
}

/** How this waiter may present the token now; undefined: it has to wait. */
export function decideClaim(situation: ClaimSituation): Presentation | undefined {
  const { view, singleUse, stoodStillMs } = situation
  if (view.owner === "alive") return !singleUse && stoodStillMs >= overtakeAfterMs(situation) ? "first" : undefined
  return decidePresentation(situation)
}

/** The same with no living owner in the way, or once the claim is taken. */
export function decidePresentation(situation: ClaimSituation): Presentation | undefined {
  const { view, singleUse, leftMs, stoodStillMs, requestTimeoutMs, safeReuseMs } = situation
  const { sentAgoMs } = view
  if (!singleUse || sentAgoMs === undefined) return "first"
  const isTimeKnown = sentAgoMs >= 0 && sentAgoMs < Infinity
  if (isTimeKnown && sentAgoMs < safeReuseMs) return "within-leeway"
  // the clock was set back: perhaps it was sent just before this waiter came
  const agoMs = isTimeKnown ? sentAgoMs : stoodStillMs
  // half of what was left when it was sent has passed, and the request is certainly not under way any more
  const isDue = agoMs >= leftMs && agoMs >= LONGEST_PAUSE_BEFORE_SENDING_MS + requestTimeoutMs
  return isDue ? "last-try" : undefined
}

// With nothing valid left, haste wins nothing: an owner that lives has asked, and a second request is no faster.
function overtakeAfterMs({ leftMs, requestTimeoutMs }: ClaimSituation): number {
  const patientMs = requestTimeoutMs + 1_000
  return leftMs > 0 ? Math.min(patientMs, Math.max(1_000, leftMs / 4)) : patientMs
}
