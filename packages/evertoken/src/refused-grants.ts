import type { Authority } from "./authority.js"
import { sleep, type Clock } from "./clock.js"
import type { KnownToken } from "./known-token.js"
import { between, type Random } from "./random.js"
import { reauthenticationRequired } from "./renewal-errors.js"
import { isNoSuccessor, type RenewalPlan } from "./renewal-plan.js"
import type { Claim } from "./token-cache.js"
import { sameVersion } from "./token.js"

const WATCH_AFTER_REFUSAL_MS = 1_000

export interface RefusedGrantsOptions {
  readonly authority: Authority
  readonly known: KnownToken
  readonly clock: Clock
  readonly random: Random
}

/** What the issuer has refused for good: this process never presents it again, and no other one that reads the tombstone. */
export class RefusedGrants {
  readonly #authority: Authority
  readonly #known: KnownToken
  readonly #clock: Clock
  readonly #random: Random
  readonly #refused = new Set<string>()

  constructor({ authority, known, clock, random }: RefusedGrantsOptions) {
    this.#authority = authority
    this.#known = known
    this.#clock = clock
    this.#random = random
  }

  /** @throws TokenError `ERR_REAUTHENTICATION_REQUIRED` if `what` was refused before. */
  assertNotRefused(what: string): void {
    if (this.#refused.has(what)) throw reauthenticationRequired("the issuer has refused the refresh token")
  }

  /**
   * Watches the store: another process's write may be on its way. Else it sets the tombstone.
   * @returns whether something newer was adopted.
   */
  async refuse(plan: RenewalPlan, claim: Claim | undefined): Promise<boolean> {
    const until = this.#clock.monotonic() + WATCH_AFTER_REFUSAL_MS
    try {
      while (this.#clock.monotonic() < until) {
        await this.#authority.look()
        if (this.#hasMovedOn(plan)) return true
        await sleep(this.#clock, between(this.#random, 25, 50))
      }
      await claim?.reject()
    } catch {
      // the store is out of reach: this process at least remembers
    }
    this.#refused.add(plan.subject.what)
    return false
  }

  // not whether the look brought news: what is newer may have been adopted while the request was under way
  #hasMovedOn(plan: RenewalPlan): boolean {
    const { record } = this.#known
    return record !== undefined && !sameVersion(record.version, plan.expected) && !isNoSuccessor(record, plan)
  }
}
