import type { Member } from "./scene.js"
import { inWords, seconds } from "./wording.js"

/** Watches the processes and says in plain words how each new token came to them. */
export class Narrator {
  readonly #say: (text: string) => void
  #told = 0
  #failureTold = false

  constructor(say: (text: string) => void) {
    this.#say = say
  }

  /** The generation that all running processes have, and that was told. */
  get sharedGeneration(): number {
    return this.#told
  }

  look(members: readonly Member[]): void {
    this.#tellFailure(members)
    const tokens = members.flatMap(({ life, report }) => (life === "running" ? (report?.token ?? []) : []))
    const newest = Math.max(0, ...tokens.map(({ generation }) => generation))
    const everybodyHasIt = tokens.length === members.length && tokens.every(({ generation }) => generation === newest)
    if (newest <= this.#told || !everybodyHasIt) return
    this.#told = newest
    this.#failureTold = false
    this.#tellRenewal(members)
  }

  #tellRenewal(members: readonly Member[]): void {
    const [asker] = members.filter(({ report }) => report?.token?.from === "issuer")
    const token = asker?.report?.token
    if (!asker || !token) return
    const goodFor = seconds(token.expiresAt - token.issuedAt)
    const others = members.length - 1
    const rest = others === 1 ? "the other one" : `the other ${inWords(others)}`
    this.#say(
      `Process ${asker.number} asked the issuer and got ${token.fingerprint}, good for ${goodFor}; ` +
        `${rest} took it from the file.`,
    )
  }

  #tellFailure(members: readonly Member[]): void {
    if (this.#failureTold) return
    const failed = members.find(({ report }) => report !== undefined && report.failedAttempts > 0)
    if (!failed?.report?.token) return
    this.#failureTold = true
    const left = seconds(failed.report.token.expiresAt - Date.now())
    this.#say(
      `Process ${failed.number} tried to renew and failed (${failed.report.lastError ?? "no answer"}). ` +
        `Nobody notices: the token at hand is good for another ${left}. All try again, with growing pauses.`,
    )
  }
}
