import { setAwakeTimer } from "./awake-timer.js"
import type { Clock } from "./clock.js"
import { salvageRefreshToken, TokenError } from "./errors.js"
import { sourceFailure } from "./foreign-error.js"
import type { TokenRequest, TokenSource } from "./token-source.js"
import { isToken, type Token } from "./token.js"

/** Runs a task, perhaps not at once. Rejects with `signal.reason` if that is aborted first. */
export type InTurn = <T>(
  task: () => Promise<T>,
  options: { readonly isUrgent: boolean; readonly abort: AbortController },
) => Promise<T>

type Asked = Omit<TokenRequest, "signal">

interface SourceRequestOptions {
  readonly clock: Clock
  /** From the moment when the source is asked, in milliseconds. */
  readonly timeoutMs: number
  /** When the source is asked for a token. Default: at once. */
  readonly inTurn?: InTurn | undefined
}

/** One request to a token source, bounded in time, its failure always a `TokenError`. */
export class SourceRequest {
  readonly #source: TokenSource
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #inTurn: InTurn | undefined
  readonly #abort = new AbortController()
  #giveUp: ((reason: TokenError) => void) | undefined
  #reason: TokenError | undefined

  constructor(source: TokenSource, { clock, timeoutMs, inTurn }: SourceRequestOptions) {
    this.#source = source
    this.#clock = clock
    this.#timeoutMs = timeoutMs
    this.#inTurn = inTurn
  }

  /** Asks for a token, or, without a request, for the one at hand. Never rejects: a failure is an answer, too. */
  send(request?: Asked): Promise<Token | TokenError> {
    if (this.#inTurn === undefined) return this.#ask(request)
    const abort = this.#abort
    const isUrgent = request?.newerThan === undefined || request.newerThan.expiresAt <= this.#clock.now()
    const answer = this.#inTurn(() => this.#ask(request), { isUrgent, abort })
    // given up before its turn: nothing was sent
    return answer.catch((error: unknown) => sourceFailure(error, { ambiguous: false }))
  }

  /** {@link TokenSource.prepare}. Never rejects; its failure says that nothing was spent. */
  prepare(): Promise<TokenError | undefined> {
    return this.#inTime({ ambiguous: false }, async () => {
      await this.#source.prepare?.(this.#abort.signal)
      return undefined
    })
  }

  /** Gives up; what it was for is known not to matter. */
  abort(reason: TokenError): void {
    this.#reason = reason
    this.#abort.abort(reason)
    this.#giveUp?.(reason)
  }

  #ask(request: Asked | undefined): Promise<Token | TokenError> {
    // nobody knows whether the issuer saw the request
    return this.#inTime({ ambiguous: true }, async () => {
      const token: unknown = await this.#source.getToken(request && new Question(request, this.#abort))
      if (!isToken(token)) return notAToken()
      if (this.#clock.now() >= token.expiresAt) return overAtOnce(token)
      return token
    })
  }

  #inTime<T>(unknown: { readonly ambiguous: boolean }, action: () => Promise<T>): Promise<T | TokenError> {
    if (this.#reason !== undefined) return Promise.resolve(this.#reason)
    return new Promise((resolve) => {
      const timer = setAwakeTimer(this.#clock, () => this.abort(this.#timedOut(unknown)), this.#timeoutMs)
      const end = (answer: T | TokenError) => {
        timer.cancel()
        resolve(answer)
      }
      this.#giveUp = end
      action().then(end, (error: unknown) => end(sourceFailure(error, unknown)))
    })
  }

  #timedOut({ ambiguous }: { readonly ambiguous: boolean }): TokenError {
    const options = { transient: true, ambiguous }
    return new TokenError("ERR_TOKEN_REQUEST_TIMEOUT", `no token within ${this.#timeoutMs} ms`, options)
  }
}

/**
 * What a source is asked. Its signal is made when somebody looks at it: in Node.js 20 that is as much work as all the rest
 * of an attempt. It is a property of its own: whoever asks another source by a copy hands it on.
 */
class Question implements TokenRequest {
  declare readonly signal: AbortSignal
  readonly newerThan: Token | undefined
  readonly minimumValidityMs: number | undefined
  readonly insist: boolean | undefined
  readonly previous: Token | undefined
  readonly #abort: AbortController

  constructor({ newerThan, minimumValidityMs, insist, previous }: Asked, abort: AbortController) {
    this.newerThan = newerThan
    this.minimumValidityMs = minimumValidityMs
    this.insist = insist
    this.previous = previous
    this.#abort = abort
    Object.defineProperty(this, "signal", Question.#signal)
  }

  static readonly #signal = {
    enumerable: true,
    get(this: Question): AbortSignal {
      return this.#abort.signal
    },
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
