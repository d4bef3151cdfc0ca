import { setTimeout as wait } from "node:timers/promises"
import type { PlannedAnswer } from "../issuer/planned-answers.js"
import type { RealIssuer } from "../issuer/real-issuer.js"
import type { TokenAnswer } from "../issuer/token-requests.js"
import { epochMs } from "./epoch.js"
import type { IssuerFault } from "./schedule.js"

// planned answers wait for requests, and those come several times a second
const ANSWERS_LAST_MS = 2_000

/**
 * Makes the issuer fail, and remembers when. One fault at a time: it is to fail now and then, not all the time, and what
 * comes while another lasts is left out.
 */
export class IssuerFaults {
  readonly #issuer: RealIssuer
  readonly #times: { readonly from: number; to: number }[] = []
  #outage: Promise<void> | undefined
  #planned: PlannedAnswer | undefined
  #unused = 0
  #given = 0

  constructor(issuer: RealIssuer) {
    this.#issuer = issuer
  }

  get given(): number {
    return this.#given
  }

  begin(fault: IssuerFault): void {
    if (this.#outage !== undefined || this.#unused > 0) return
    this.#given++
    if (fault.kind !== "answers") {
      this.#outage = this.#fail(fault).finally(() => (this.#outage = undefined))
      return
    }
    const from = epochMs()
    this.#issuer.respondWith(fault.answer, fault.times)
    this.#planned = fault.answer
    this.#unused = fault.times
    this.#times.push({ from, to: from + ANSWERS_LAST_MS })
  }

  /** An answer was given. */
  noteAnswer({ planned }: TokenAnswer): void {
    if (planned !== undefined && planned === this.#planned) this.#unused--
  }

  /** Whether it was made to fail at any moment between the two. */
  wereActive(from: number, to: number): boolean {
    return this.#times.some((time) => time.from <= to && time.to >= from)
  }

  /** Resolves when the issuer is up again. */
  async end(): Promise<void> {
    await this.#outage
  }

  async #fail(fault: Exclude<IssuerFault, { readonly kind: "answers" }>): Promise<void> {
    const time = { from: epochMs(), to: Infinity }
    this.#times.push(time)
    if (fault.kind === "slow") this.#issuer.slowDown(fault.delayMs)
    else await this.#issuer.goDown(fault.how)
    await wait(fault.forMs)
    if (fault.kind === "slow") this.#issuer.slowDown(0)
    else await this.#issuer.comeBack()
    time.to = epochMs()
  }
}
