import type { RenewalPlan } from "./renewal-plan.js"
import type { StepReporter } from "./renewal-step.js"
import type { Claim } from "./token-cache.js"

/**
 * Gives claims back. One that cannot be removed would block every process, this one too, for as long as this one lives:
 * it is tried again, and left to others as that of a dead owner at the end. The cache has reported why.
 */
export class ClaimReleases {
  readonly #step: StepReporter
  readonly #pending = new Map<Claim, RenewalPlan>()

  constructor(step: StepReporter) {
    this.#step = step
  }

  /** Whether a claim is still to be removed. */
  get pending(): boolean {
    return this.#pending.size > 0
  }

  /** Never rejects. */
  async release(claim: Claim | undefined, extent: "own" | "all", plan: RenewalPlan): Promise<void> {
    if (claim === undefined) return
    try {
      await claim.release(extent)
    } catch {
      this.#pending.set(claim, plan)
      return
    }
    this.#pending.delete(claim)
    this.#step("released", plan)
  }

  /** Only its own claims: by now another process may have taken the next one. Never rejects. */
  async retry(): Promise<void> {
    for (const [claim, plan] of this.#pending) await this.release(claim, "own", plan)
  }

  /** Never rejects. */
  async abandon(): Promise<void> {
    for (const claim of this.#pending.keys()) await claim.abandon().catch(() => undefined)
    this.#pending.clear()
  }
}
