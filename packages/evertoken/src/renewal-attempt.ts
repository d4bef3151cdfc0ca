import type { Presentation } from "./events.js"
import type { RenewalPlan } from "./renewal-plan.js"
import type { Claim } from "./token-cache.js"

/** What is presented, under which claim. Without one: the authority cannot be reached, or gave no claim in time. */
export interface Attempt {
  readonly plan: RenewalPlan
  readonly claim?: Claim
  /** `repeat`: something was sent under this claim before, and nobody knows what became of it. */
  readonly presentation: Presentation
  readonly reachable: boolean
}

/** A claim kept between attempts. */
export interface KeptAttempt extends Attempt {
  readonly claim: Claim
  readonly because: "outcome-unknown" | "unwritten"
}
