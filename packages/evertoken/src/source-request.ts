import { setAwakeTimer } from "./awake-timer.js"
import type { Clock } from "./clock.js"
import { salvageRefreshToken, TokenError } from "./errors.js"
import { sourceFailure } from "./foreign-error.js"
import { patiently } from "./single-flight.js"
import type { TokenRequest, TokenSource } from "./token-source.js"
import { Token } from "./token.js"

/** One request to a token source, bounded in time, its failure always a `TokenError`. */
export class SourceRequest {
  readonly #source: TokenSource
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #abort = new AbortController()

  constructor(source: TokenSource, { clock, timeoutMs }: { readonly clock: Clock; readonly timeoutMs: number }) {
    this.#source = source
    this.#clock = clock
    this.#timeoutMs = timeoutMs
  }

  /** Never rejects: a failure is an answer, too. */
  async send(request: Omit<TokenRequest, "signal">): Promise<Token | TokenError> {
    const { signal } = this.#abort
    const timer = setAwakeTimer(this.#clock, () => this.#abort.abort(this.#timedOut()), this.#timeoutMs)
    try {
      const token: unknown = await patiently(this.#source.getToken({ ...request, signal }), signal)
      if (!(token instanceof Token)) return notAToken()
      if (this.#clock.now() >= token.expiresAt) return overAtOnce(token)
      return token
    } catch (error) {
      return sourceFailure(error)
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
}

function notAToken(): TokenError {
  const message = "the token source returned something that is not a Token"
  return new TokenError("ERR_TOKEN_SOURCE", message, { transient: false })
}

// the refresh token that came with it is good for the next attempt
function overAtOnce({ refreshToken }: Token): TokenError {
  const error = new TokenError("ERR_TOKEN_LIFETIME", "the token was expired when it came", { transient: true })
  if (refreshToken !== undefined) salvageRefreshToken(error, refreshToken)
  return error
}
