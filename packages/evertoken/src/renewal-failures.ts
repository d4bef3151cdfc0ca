import type { CoolDown } from "./cool-down.js"
import type { TokenError } from "./errors.js"
import { publish } from "./events.js"
import type { KnownToken } from "./known-token.js"

export interface RenewalFailuresOptions {
  readonly key: string
  readonly known: KnownToken
  readonly coolDown: CoolDown
}

/** Tells failed renewals as events. Both return the error, to be thrown. */
export class RenewalFailures {
  readonly #options: RenewalFailuresOptions

  constructor(options: RenewalFailuresOptions) {
    this.#options = options
  }

  /** One after which the issuer is spared; `atLeastMs`: what was sent may be under way for so long yet. */
  noted(error: TokenError, atLeastMs = 0): TokenError {
    const { coolDown, known } = this.#options
    const noted = coolDown.begin(error, known.held, { atLeastMs })
    return this.#told(noted, noted.retryAfterMs ?? 0, coolDown.attempt)
  }

  /** One of which the issuer need not be spared. */
  told(error: TokenError, retryInMs: number): TokenError {
    return this.#told(error, retryInMs, this.#options.coolDown.attempt + 1)
  }

  #told(error: TokenError, retryInMs: number, attempt: number): TokenError {
    const { code, transient } = error
    publish("renewal-failed", { key: this.#options.key, code, transient, attempt, retryInMs })
    return error
  }
}
