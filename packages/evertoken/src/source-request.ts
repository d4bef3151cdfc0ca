import { setAwakeTimer } from "./awake-timer.js"
import type { Clock } from "./clock.js"
import { salvageRefreshToken, TokenError } from "./errors.js"
import { sourceFailure } from "./foreign-error.js"
import { patiently } from "./single-flight.js"
import type { TokenRequest, TokenSource } from "./token-source.js"
import { isToken, type Token } from "./token.js"

/** Runs a task, perhaps not at once. Rejects with `signal.reason` if that is aborted first. */
export type InTurn = <T>(
  task: () => Promise<T>,
  options: { readonly isUrgent: boolean; readonly signal: AbortSignal },
) => Promise<T>

export const atOnce: InTurn = (task) => task()

interface SourceRequestOptions {
  readonly clock: Clock
  /** From the moment when the source is asked, in milliseconds. */
  readonly timeoutMs: number
  /** When the source is asked for a token. Default: at once. */
  readonly inTurn?: InTurn
}

/** One request to a token source, bounded in time, its failure always a `TokenError`. */
export class SourceRequest {
  readonly #source: TokenSource
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #inTurn: InTurn
  readonly #abort = new AbortController()

  constructor(source: TokenSource, { clock, timeoutMs, inTurn = atOnce }: SourceRequestOptions) {
    this.#source = source
    this.#clock = clock
    this.#timeoutMs = timeoutMs
    this.#inTurn = inTurn
  }

  /** Asks for a token. Never rejects: a failure is an answer, too. */
  send(request: Omit<TokenRequest, "signal">): Promise<Token | TokenError> {
    const { signal } = this.#abort
    const isUrgent = request.newerThan === undefined || request.newerThan.expiresAt <= this.#clock.now()
    const answer = this.#inTurn(() => this.#ask(request), { isUrgent, signal })
    // given up before its turn: nothing was sent
    return answer.catch((error: unknown) => sourceFailure(error, { ambiguous: false }))
  }

  /** {@link TokenSource.prepare}. Never rejects; its failure says that nothing was spent. */
  prepare(): Promise<TokenError | undefined> {
    return this.#inTime({ ambiguous: false }, async (signal) => {
      await this.#source.prepare?.(signal)
      return undefined
    })
  }

  /** Gives up; what it was for is known not to matter. */
  abort(reason: TokenError): void {
    this.#abort.abort(reason)
  }

  #ask(request: Omit<TokenRequest, "signal">): Promise<Token | TokenError> {
    // nobody knows whether the issuer saw the request
    return this.#inTime({ ambiguous: true }, async (signal) => {
      const token: unknown = await this.#source.getToken({ ...request, signal })
      if (!isToken(token)) return notAToken()
      if (this.#clock.now() >= token.expiresAt) return overAtOnce(token)
      return token
    })
  }

  async #inTime<T>(
    unknown: { readonly ambiguous: boolean },
    action: (signal: AbortSignal) => Promise<T>,
  ): Promise<T | TokenError> {
    const { signal } = this.#abort
    const timer = setAwakeTimer(this.#clock, () => this.#abort.abort(this.#timedOut(unknown)), this.#timeoutMs)
    try {
      return await patiently(action(signal), signal)
    } catch (error) {
      return sourceFailure(error, unknown)
    } finally {
      timer.cancel()
    }
  }

  #timedOut({ ambiguous }: { readonly ambiguous: boolean }): TokenError {
    const options = { transient: true, ambiguous }
    return new TokenError("ERR_TOKEN_REQUEST_TIMEOUT", `no token within ${this.#timeoutMs} ms`, options)
  }
}

// whatever it spent may be spent
function notAToken(): TokenError {
  const message = "the token source returned something that is not a Token"
  return new TokenError("ERR_TOKEN_SOURCE", message, { transient: false, ambiguous: true })
}

// the refresh token that came with it is good for the next attempt
function overAtOnce({ refreshToken }: Token): TokenError {
  const error = new TokenError("ERR_TOKEN_LIFETIME", "the token was expired when it came", { transient: true })
  if (refreshToken !== undefined) salvageRefreshToken(error, refreshToken)
  return error
}
