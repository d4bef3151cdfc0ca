import { TokenError } from "./errors.js"
import { SourceRequest } from "./source-request.js"
import { isRefusedGrant, reauthenticationRequired } from "./renewal-errors.js"
import type { TokenNeed } from "./token-need.js"
import type { TokenRequest, TokenSource } from "./token-source.js"
import type { Token } from "./token.js"
import type { WatcherSettings } from "./watcher-options.js"

type AttemptSettings = Pick<WatcherSettings, "clock" | "attemptTimeoutMs" | "inTurn">

export type AttemptResult = { readonly token: Token } | { readonly error: TokenError }

/** What came of an attempt, once it was dealt with. May differ from its result: a token that was rejected is a failure. */
export type AttemptDealer = (result: AttemptResult, need: TokenNeed | undefined) => AttemptResult

/** Questions to a watcher's source, one at a time, each bounded in time; who comes meanwhile joins. */
export class WatcherAttempt {
  readonly #source: TokenSource
  readonly #settings: AttemptSettings
  readonly #deal: AttemptDealer
  #request: SourceRequest | undefined
  #outcome: Promise<AttemptResult> | undefined

  constructor(source: TokenSource, settings: AttemptSettings, deal: AttemptDealer) {
    this.#source = source
    this.#settings = settings
    this.#deal = deal
  }

  /** The outcome of the question under way. Never rejects. */
  get outcome(): Promise<AttemptResult> | undefined {
    return this.#outcome
  }

  /** Joins the question under way, or asks. Never rejects. */
  run(need?: TokenRequest): Promise<AttemptResult> {
    this.#outcome ??= this.#begin(need)
    return this.#outcome
  }

  /** Stops waiting: who waits gets `reason`, and the answer is not dealt with any more. */
  abandon(reason: TokenError): void {
    const request = this.#request
    this.#request = undefined
    this.#outcome = undefined
    request?.abort(reason)
  }

  async #begin(need?: TokenRequest): Promise<AttemptResult> {
    const { clock, attemptTimeoutMs, inTurn } = this.#settings
    const request = new SourceRequest(this.#source, { clock, timeoutMs: attemptTimeoutMs, inTurn })
    this.#request = request
    try {
      const result = await this.#ask(request, need)
      if (this.#request !== request) return result
      this.#request = undefined
      this.#outcome = undefined
      return this.#deal(result, need)
    } catch {
      return optionThrew()
    }
  }

  async #ask(request: SourceRequest, need: TokenRequest | undefined): Promise<AttemptResult> {
    const answer = await request.send(need)
    if (!(answer instanceof TokenError)) return { token: answer }
    if (answer.code !== "ERR_TOKEN_UNCHANGED") return { error: this.#told(answer) }
    // the same access token, but perhaps with a later end: whoever keeps it knows
    const kept = await request.send()
    return kept instanceof TokenError ? { error: answer } : { token: kept }
  }

  /** As a cached source tells it: a refresh token that was refused is refused for good, a client's own grant is not. */
  #told(error: TokenError): TokenError {
    const isFinal = this.#source.lineage !== undefined && isRefusedGrant(error)
    return isFinal ? reauthenticationRequired("the issuer has refused the refresh token", error) : error
  }
}

// a jitter source of the application's own, or an rxjs subscriber in the deprecated synchronous mode
function optionThrew(): AttemptResult {
  const message = "the answer of the token source could not be dealt with: an option or a subscriber threw"
  return { error: new TokenError("ERR_TOKEN_SOURCE", message, { transient: true }) }
}
