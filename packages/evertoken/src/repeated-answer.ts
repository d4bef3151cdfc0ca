import type { Clock } from "./clock.js"
import { sameVersion, type Token } from "./token.js"

/** Keeps an issuer that gives the same token again from being asked with every read of it, or every 401. */
export class RepeatedAnswer {
  readonly #clock: Clock
  readonly #minimumIntervalMs: number
  #repeatedAt = -Infinity

  constructor({ clock, minimumIntervalMs }: { readonly clock: Clock; readonly minimumIntervalMs: number }) {
    this.#clock = clock
    this.#minimumIntervalMs = minimumIntervalMs
  }

  /** Notes an answer that just came. */
  note(answer: Token, previous: Token | undefined): void {
    if (answer.accessToken === previous?.accessToken) this.#repeatedAt = this.#clock.monotonic()
  }

  /** Whether the issuer has just given `held` to someone who wanted a newer token than this very one. */
  isTooEarly(held: Token | undefined, newerThan: Token | undefined): boolean {
    if (held === undefined || held.accessToken !== newerThan?.accessToken) return false
    const agoMs = Math.min(this.#clock.monotonic() - this.#repeatedAt, this.#elsewhereAgoMs(held, newerThan))
    return agoMs < Math.min(this.#minimumIntervalMs, (held.expiresAt - held.issuedAt) / 4)
  }

  /** Another record of the same token: another process has asked for it. */
  #elsewhereAgoMs(held: Token, newerThan: Token): number {
    const isSameRecord = newerThan.version === undefined || sameVersion(held.version, newerThan.version)
    return isSameRecord ? Infinity : this.#clock.now() - held.issuedAt
  }
}
