import { Token } from "../../token.js"
import type { TokenRequest, TokenSource } from "../../token-source.js"

export const tokenOf = (accessToken: string, tokenType = "Bearer") =>
  new Token({ accessToken, tokenType, issuedAt: 0, staleAt: 1, expiresAt: 2 })

/** Gives the next of `tokens` at each renewal, and the last one for good. */
export class RenewingSource implements TokenSource {
  readonly requests: TokenRequest[] = []
  readonly #tokens: readonly (Token | Error)[]
  #current = 0

  constructor(...tokens: readonly (Token | Error)[]) {
    this.#tokens = tokens
  }

  get renewals(): number {
    return this.requests.filter(({ newerThan }) => newerThan !== undefined).length
  }

  async getToken(request: TokenRequest = {}): Promise<Token> {
    this.requests.push(request)
    const { newerThan } = request
    if (newerThan !== undefined && newerThan === this.#tokens[this.#current]) this.#current += 1
    const token = this.#tokens[Math.min(this.#current, this.#tokens.length - 1)]
    if (!(token instanceof Token)) throw token ?? new Error("no token")
    return token
  }
}
