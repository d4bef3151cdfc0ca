import type { RealIssuer } from "../issuer/real-issuer.js"
import type { Observer } from "./observer.js"

/** Signs in when it is asked for: once before all others, and then once for each loss of a family, and never otherwise. */
export class SignIns {
  readonly #issuer: Pick<RealIssuer, "issueRefreshToken" | "revokedFamilies">
  readonly #observer: Pick<Observer, "signedIn" | "violated">
  #refreshToken = ""
  #count = 0
  #revokedBefore = 0
  #underWay: Promise<void> | undefined

  constructor(
    issuer: Pick<RealIssuer, "issueRefreshToken" | "revokedFamilies">,
    observer: Pick<Observer, "signedIn" | "violated">,
  ) {
    this.#issuer = issuer
    this.#observer = observer
  }

  get count(): number {
    return this.#count
  }

  /** Of the last one. */
  get refreshToken(): string {
    return this.#refreshToken
  }

  /** How many families the issuer has revoked since the last one began. */
  get familiesLost(): number {
    return this.#issuer.revokedFamilies - this.#revokedBefore
  }

  async first(): Promise<void> {
    await this.#signIn()
  }

  /**
   * Somebody asks for one, after a loss of so many families. Who asks while one is under way asks for that one.
   * @returns whether this call has signed in.
   */
  async anew(familiesLost: number): Promise<boolean> {
    if (this.#underWay !== undefined) return false
    if (familiesLost === 0) this.#observer.violated("a sign-in is asked for, and no family was lost")
    await this.#signIn()
    return true
  }

  /** Resolves when none is under way: who is configured before that with the token of the last one asks for another. */
  async ended(): Promise<void> {
    await this.#underWay
  }

  async #signIn(): Promise<void> {
    this.#revokedBefore = this.#issuer.revokedFamilies
    this.#underWay = this.#issuer.issueRefreshToken().then((refreshToken) => {
      this.#refreshToken = refreshToken
      this.#count++
      this.#underWay = undefined
      this.#observer.signedIn()
    })
    await this.#underWay
  }
}
