import type { Clock } from "./clock.js"
import { systemErrorCode, TokenError } from "./errors.js"
import { patiently } from "./single-flight.js"
import type { TokenRequest, TokenSource } from "./token-source.js"
import { Token } from "./token.js"

/** One request to the source of a renewal, bounded in time, its failure always a `TokenError`. */
export class IssuerRequest {
  readonly #source: TokenSource
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #abort = new AbortController()

  constructor(source: TokenSource, { clock, timeoutMs }: { readonly clock: Clock; readonly timeoutMs: number }) {
    this.#source = source
    this.#clock = clock
    this.#timeoutMs = timeoutMs
  }

  /** @throws TokenError */
  async send(request: Omit<TokenRequest, "signal">): Promise<Token> {
    const { signal } = this.#abort
    const timer = this.#clock.setTimer(() => this.#abort.abort(this.#timedOut()), this.#timeoutMs)
    try {
      const token: unknown = await patiently(this.#source.getToken({ ...request, signal }), signal)
      if (!(token instanceof Token)) throw this.#notAToken()
      return token
    } catch (error) {
      throw error instanceof TokenError ? error : this.#foreign(error)
    } finally {
      timer.cancel()
    }
  }

  /** Gives up; what it was for is known not to matter. */
  abort(reason: TokenError): void {
    this.#abort.abort(reason)
  }

  #timedOut(): TokenError {
    return new TokenError("ERR_TOKEN_REQUEST_TIMEOUT", `no token within ${this.#timeoutMs} ms`, {
      transient: true,
      ambiguous: true,
    })
  }

  #notAToken(): TokenError {
    return new TokenError("ERR_TOKEN_SOURCE", "the token source returned something that is not a Token", {
      transient: false,
    })
  }

  // a foreign error's message may hold a response: only its name and code are told
  #foreign(error: unknown): TokenError {
    const name = error instanceof Error ? error.name : typeof error
    const code = systemErrorCode(error)
    return new TokenError(
      "ERR_TOKEN_SOURCE",
      `the token source failed: ${name}${code === undefined ? "" : ` ${code}`}`,
      {
        transient: true,
        ambiguous: true,
      },
    )
  }
}
