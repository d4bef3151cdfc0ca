import { setTimeout as wait } from "node:timers/promises"
import type { RealIssuer } from "../issuer/real-issuer.js"
import { epochMs } from "./epoch.js"
import type { IssuerFault } from "./schedule.js"

// planned answers wait for requests, and those come several times a second
const ANSWERS_LAST_MS = 2_000

/** Makes the issuer fail, one outage at a time, and remembers when. */
export class IssuerFaults {
  readonly #issuer: RealIssuer
  readonly #times: { readonly from: number; to: number }[] = []
  #outages: Promise<void> = Promise.resolve()
  #given = 0

  constructor(issuer: RealIssuer) {
    this.#issuer = issuer
  }

  get given(): number {
    return this.#given
  }

  begin(fault: IssuerFault): void {
    this.#given++
    if (fault.kind === "answers") {
      const from = epochMs()
      this.#issuer.respondWith(fault.answer, fault.times)
      this.#times.push({ from, to: from + ANSWERS_LAST_MS })
      return
    }
    this.#outages = this.#outages.then(() => this.#fail(fault))
  }

  /** Whether it was made to fail at any moment between the two. */
  wereActive(from: number, to: number): boolean {
    return this.#times.some((time) => time.from <= to && time.to >= from)
  }

  /** Resolves when all outages are over. */
  async end(): Promise<void> {
    await this.#outages
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
