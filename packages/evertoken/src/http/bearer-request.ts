import type { Dispatcher } from "undici"
import { BearerAttempt, type AnswerHead } from "./bearer-attempt.js"
import type { BearerSettings, OutgoingRequest } from "./bearer-options.js"
import { CallerSide } from "./caller-side.js"
import { CarriedToken, type TokenHeaders } from "./carried-token.js"
import type { Rejection } from "./rejection.js"
import { isReplayableBody } from "./replayable.js"
import { withHeaders, withTokenHeaders } from "./request-headers.js"

export interface BearerRequestOptions {
  readonly dispatch: Dispatcher.Dispatch
  readonly request: Dispatcher.DispatchOptions
  /** Those of the request, as undici's flat list. */
  readonly headers: readonly string[]
  readonly handler: Dispatcher.DispatchHandler
  readonly outgoing: OutgoingRequest
  readonly settings: BearerSettings
}

/**
 * One request with the token, and at most one more for each reason: a newer token, a nonce. While that is decided the
 * rejection's answer is held back, unread; the caller sees one request and one answer.
 */
export function sendWithToken(options: BearerRequestOptions): void {
  const { handler, outgoing, settings } = options
  const caller = new CallerSide(handler)
  try {
    caller.start()
    if (caller.hasFailed) return
    const carried = new CarriedToken({ outgoing, settings, patience: caller })
    const sent = new BearerRequest(caller, carried, options).send()
    sent?.catch((error: unknown) => caller.fail(error))
  } catch (error) {
    caller.fail(error)
  }
}

class BearerRequest {
  readonly #caller: CallerSide
  readonly #carried: CarriedToken
  readonly #options: BearerRequestOptions

  constructor(caller: CallerSide, carried: CarriedToken, options: BearerRequestOptions) {
    this.#caller = caller
    this.#carried = carried
    this.#options = options
  }

  /** Undefined: it is sent. What the dispatch throws is thrown. */
  send(): Promise<void> | undefined {
    const headers = this.#carried.headersAtHand()
    if (headers === undefined) return this.#carried.headers().then((later) => this.#dispatch(later))
    this.#dispatch(headers)
    return undefined
  }

  #dispatch(headers: TokenHeaders): void {
    const { dispatch, request, headers: own } = this.#options
    if (this.#caller.hasFailed) return
    const attempt = new BearerAttempt(this.#caller, (...answer) => this.#isHeld(...answer))
    // what is below may alter what it is given, and must not alter the next attempt
    dispatch(withHeaders(request, withTokenHeaders(own, headers)), attempt)
  }

  #isHeld(attempt: BearerAttempt, { status, headers, lastUrl }: AnswerHead): boolean {
    // another origin, reached by a redirect, did not get the token that it misses
    if (lastUrl !== undefined && lastUrl.origin !== this.#options.outgoing.url.origin) return false
    const challenge = headers["www-authenticate"]
    const rejection = this.#carried.judge({ status, challenge, nonce: headers["dpop-nonce"] })
    if (rejection === undefined) return false
    this.#settle(attempt, rejection).catch((error: unknown) => {
      this.#caller.fail(error)
      attempt.abort()
    })
    return true
  }

  async #settle(attempt: BearerAttempt, rejection: Rejection): Promise<void> {
    const isMended = await this.#carried.mend(rejection)
    if (isMended && isReplayableBody(this.#options.request.body)) {
      attempt.discard()
      await this.send()
    } else {
      attempt.release()
    }
  }
}
