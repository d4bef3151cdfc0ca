import type { CacheStack } from "./cache-stack.js"
import {
  decideClaim,
  decidePresentation,
  LONGEST_PAUSE_BEFORE_SENDING_MS,
  type ClaimSituation,
} from "./claim-decision.js"
import type { ClaimReleases } from "./claim-releases.js"
import type { Clock } from "./clock.js"
import type { Presentation } from "./events.js"
import type { KnownToken } from "./known-token.js"
import { reauthenticationRequired } from "./renewal-errors.js"
import type { RenewalPlan } from "./renewal-plan.js"
import type { StepReporter } from "./renewal-step.js"
import { Stillness } from "./stillness.js"
import type { Claim, ClaimView, StoredToken } from "./token-cache.js"
import { sameVersion } from "./token.js"

/** A claim taken, and not yet used. */
export interface Turn {
  readonly claim: Claim
  readonly takenAt: number
  /** How what is spent is to be presented. */
  readonly presentation: Presentation
}

export interface ClaimTurnsOptions {
  readonly stack: CacheStack
  readonly known: KnownToken
  readonly releases: ClaimReleases
  readonly clock: Clock
  readonly requestTimeoutMs: number
  readonly safeReuseMs: number
  readonly step: StepReporter
}

/** Takes the right to ask the issuer when the protocol allows it (design, section 6). One waiter's view, of all its waits. */
export class ClaimTurns {
  readonly #options: ClaimTurnsOptions
  readonly #stillness: Stillness

  constructor(options: ClaimTurnsOptions) {
    this.#options = options
    this.#stillness = new Stillness(options.clock)
  }

  /**
   * Tries once. Undefined: not now; look in the store, then try again.
   * @throws TokenError `ERR_REAUTHENTICATION_REQUIRED` if what the plan presents was refused before; `ERR_TOKEN_CACHE`
   */
  async take(plan: RenewalPlan): Promise<Turn | undefined> {
    const { stack, known, clock, step } = this.#options
    if (this.#isJustRestored(plan, known.record)) return undefined
    const claim = stack.claim(plan.subject)
    const view = await claim.look()
    if (view.rejected) throw reauthenticationRequired("the issuer has refused the refresh token")
    const stoodStillMs = this.#stillness.note(`${plan.subject.what}.${view.n} ${view.owner}`)
    if (decideClaim(this.#situation(plan, view, stoodStillMs)) === undefined) return undefined
    if (!(await this.#taken(plan, claim, view.n + 1))) return undefined
    const takenAt = clock.monotonic()
    step("claimed", plan, { n: view.n + 1 })
    const presentation = await this.#stillDue(plan, claim, stoodStillMs)
    if (presentation !== undefined) return { claim, takenAt, presentation }
    await this.#options.releases.release(claim, "own", plan)
    return undefined
  }

  async #taken(plan: RenewalPlan, claim: Claim, n: number): Promise<boolean> {
    try {
      return await claim.take(n)
    } catch (error) {
      await this.#options.releases.release(claim, "own", plan) // it may be there all the same
      throw error
    }
  }

  /** Liveness, marks and store once more, now that the claim is taken: how to present the token, if it still is due. */
  async #stillDue(plan: RenewalPlan, claim: Claim, stoodStillMs: number): Promise<Presentation | undefined> {
    const { stack, releases, step } = this.#options
    try {
      const view = await claim.look()
      const stored = await stack.read()
      step("looked-again", plan)
      if (view.rejected || (plan.subject.singleUse && view.othersAlive)) return undefined
      if (!sameVersion(stored?.version, plan.expected) || this.#isJustRestored(plan, stored)) return undefined
      const presentation = decidePresentation(this.#situation(plan, view, stoodStillMs))
      return isRestored(plan, stored) && presentation === "first" ? "last-try" : presentation
    } catch (error) {
      await releases.release(claim, "own", plan)
      throw error
    }
  }

  /** Another process may have sent the refresh token, under a claim that the store has lost, and may have its answer yet. */
  #isJustRestored(plan: RenewalPlan, record: StoredToken | undefined): boolean {
    const { clock, requestTimeoutMs } = this.#options
    if (!isRestored(plan, record)) return false
    // the store's clock may differ a little, and one that was set back tells nothing
    return Math.abs(clock.now() - record.restoredAt) < LONGEST_PAUSE_BEFORE_SENDING_MS + requestTimeoutMs
  }

  #situation({ subject }: RenewalPlan, view: ClaimView, stoodStillMs: number): ClaimSituation {
    const { known, requestTimeoutMs, safeReuseMs } = this.#options
    return { view, singleUse: subject.singleUse, leftMs: known.leftMs(), stoodStillMs, requestTimeoutMs, safeReuseMs }
  }
}

function isRestored(
  { subject, previous }: RenewalPlan,
  record: StoredToken | undefined,
): record is StoredToken & { readonly restoredAt: number } {
  return subject.singleUse && previous?.refreshToken !== undefined && record?.restoredAt !== undefined
}
