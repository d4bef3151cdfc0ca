import { Token } from "evertoken"
import { notSignedIn, refreshTokenMissing } from "../session-failures.js"
import type { TokenPlace, TokenStrategy } from "../token-strategy.js"
import type { KeptTokens } from "./kept-tokens.js"

/** A type of the database: what is set is a sign-in. Whose it is must be known. */
export class DatabaseStrategy implements TokenStrategy<Token> {
  readonly #kept: KeptTokens

  constructor(kept: KeptTokens) {
    this.#kept = kept
  }

  async get({ userId }: TokenPlace): Promise<Token | undefined> {
    return userId === undefined ? undefined : (await this.#kept.read(userId))?.token
  }

  async set({ userId }: TokenPlace, value: Token | string): Promise<void> {
    if (!(value instanceof Token) && (typeof value !== "string" || value === "")) {
      throw new TypeError(`the value of ${this.#kept.type} must be a Token, or a refresh token`)
    }
    if (userId === undefined) throw notSignedIn(`say whose ${this.#kept.type} it is, by the option userId`)
    const isRenewable = !(value instanceof Token) || value.refreshToken !== undefined
    if (this.#kept.isRenewed && !isRenewable) throw refreshTokenMissing(this.#kept.type)
    await this.#kept.signIn(userId, value)
  }

  async delete({ userId }: TokenPlace): Promise<boolean> {
    return userId !== undefined && this.#kept.remove(userId)
  }
}
