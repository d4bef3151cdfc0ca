import { TokenError } from "../errors.js"
import type { TokenSource } from "../token-source.js"
import type { Token } from "../token.js"
import type { BearerSettings, OutgoingRequest } from "./bearer-options.js"
import { rejectionOf, type Rejection } from "./rejection.js"

/** The headers by which a request carries a token, in lower case. */
export type TokenHeaders = Readonly<Record<string, string>>

/** Of an answer, what concerns the token. */
export interface TokenAnswer {
  readonly status: number
  /** `WWW-Authenticate`. */
  readonly challenge: string | readonly string[] | null | undefined
  /** `DPoP-Nonce`. */
  readonly nonce: string | readonly string[] | null | undefined
}

/** How long the caller waits. `signal` is read only where somebody waits: making one costs more than all else here. */
interface Patience {
  readonly signal: AbortSignal | undefined
}

/** The token of one request, and what the answer means for it. */
export class CarriedToken {
  readonly #outgoing: OutgoingRequest
  readonly #settings: BearerSettings
  readonly #patience: Patience
  readonly #source: TokenSource
  readonly #tried = new Set<Rejection>()
  #token: Token | undefined

  constructor(options: {
    readonly outgoing: OutgoingRequest
    readonly settings: BearerSettings
    readonly patience: Patience
  }) {
    this.#outgoing = options.outgoing
    this.#settings = options.settings
    this.#patience = options.patience
    this.#source = options.settings.sourceFor(options.outgoing)
  }

  /** As {@link headers}, if nothing has to be waited for. */
  headersAtHand(): TokenHeaders | undefined {
    this.#token ??= this.#source.atHand?.()
    if (this.#token === undefined || this.#token.tokenType === "DPoP") return undefined
    return { authorization: this.#token.authorization }
  }

  /**
   * Presents it (RFC 6750, section 2.1; RFC 9449, section 7.1).
   * @returns a promise that rejects with the source's error, or with `ERR_TOKEN_REQUEST` if the token is bound to a key
   * that is not there.
   */
  async headers(): Promise<TokenHeaders> {
    this.#token ??= await this.#source.getToken({ signal: this.#patience.signal })
    const { tokenType, authorization, accessToken } = this.#token
    if (tokenType !== "DPoP") return { authorization }
    const { dpop } = this.#settings
    if (dpop === undefined) {
      const message = "the token is bound to a key (DPoP, RFC 9449): give the option dpop the key that its source has"
      throw new TokenError("ERR_TOKEN_REQUEST", message, { transient: false })
    }
    const { method, url } = this.#outgoing
    return { authorization, dpop: await dpop.proof({ method, url: url.href, accessToken }) }
  }

  /** What the answer rejects that can be mended, and has not been before: each is mended once. */
  judge({ status, challenge, nonce }: TokenAnswer): Rejection | undefined {
    if (typeof nonce === "string") this.#settings.dpop?.noteNonce(this.#outgoing.url.href, nonce)
    const rejection = rejectionOf(status, challenge, this.#settings)
    if (rejection === undefined || this.#tried.has(rejection)) return undefined
    if (rejection === "proof" && (typeof nonce !== "string" || this.#token?.tokenType !== "DPoP")) return undefined
    this.#tried.add(rejection)
    return rejection
  }

  /** Gets what was missing: one renewal for all whose token was rejected. Never rejects. @returns whether there is any. */
  async mend(rejection: Rejection): Promise<boolean> {
    if (rejection === "proof") return true
    const rejected = this.#token
    try {
      const newer = await this.#source.getToken({ newerThan: rejected, signal: this.#patience.signal })
      this.#token = newer
      return newer.accessToken !== rejected?.accessToken
    } catch {
      return false // the caller gets to see the 401 itself
    }
  }
}
