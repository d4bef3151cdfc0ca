import { RealIssuer } from "../issuer/real-issuer.js"
import type { ObservedAnswer } from "./observer.js"

/** A strict issuer, and what it has answered since it was last asked for that. */
export class ObservedIssuer {
  readonly issuer: RealIssuer
  readonly #answers: ObservedAnswer[]

  private constructor(issuer: RealIssuer, answers: ObservedAnswer[]) {
    this.issuer = issuer
    this.#answers = answers
  }

  static async start(lifetimeSeconds: number): Promise<ObservedIssuer> {
    const answers: ObservedAnswer[] = []
    let revoked = 0
    const issuer: RealIssuer = await RealIssuer.start({
      lifetimeSeconds,
      onTokenAnswer: (answer) => {
        answers.push({ answer, familiesLost: issuer.revokedFamilies - revoked })
        revoked = issuer.revokedFamilies
      },
    })
    return new ObservedIssuer(issuer, answers)
  }

  take(): readonly ObservedAnswer[] {
    return this.#answers.splice(0)
  }
}
