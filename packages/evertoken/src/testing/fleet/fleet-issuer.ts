import { sleep, type Clock } from "../../clock.js"
import { TokenError, TokenResponseError } from "../../errors.js"
import { lifetimeOf } from "../../token-lifetime.js"
import type { TokenSource } from "../../token-source.js"
import { Token } from "../../token.js"
import type { FleetSettings } from "./fleet-options.js"
import { SecondCounts } from "./second-counts.js"

/** An issuer as a fleet sees it: it takes its time, refuses what is over its limit, and cannot be reached now and then. */
export class FleetIssuer implements TokenSource {
  readonly fingerprint = "fleet"
  readonly granted: SecondCounts
  readonly rejected: SecondCounts
  readonly unanswered: SecondCounts
  readonly #clock: Clock
  readonly #startedAt: number
  readonly #settings: FleetSettings
  #issued = 0

  constructor(clock: Clock, settings: FleetSettings) {
    this.granted = new SecondCounts(settings.durationMs)
    this.rejected = new SecondCounts(settings.durationMs)
    this.unanswered = new SecondCounts(settings.durationMs)
    this.#clock = clock
    this.#startedAt = clock.now()
    this.#settings = settings
  }

  /** Answers whoever has given up, too: as over a network, it does not know. */
  async getToken(): Promise<Token> {
    const issuedAt = this.#clock.now()
    const refusal = this.#admit(issuedAt - this.#startedAt)
    await sleep(this.#clock, this.#settings.latencyMs)
    if (refusal !== undefined) throw refusal
    const times = lifetimeOf({ issuedAt, expiresIn: this.#settings.lifetimeMs / 1_000 })
    return new Token({ accessToken: `token-${++this.#issued}`, issuedAt, ...times })
  }

  #admit(atMs: number): TokenError | undefined {
    const { outages, limitPerSecond, retryAfterMs } = this.#settings
    if (outages.some(({ startsAtMs, lastsMs }) => atMs >= startsAtMs && atMs < startsAtMs + lastsMs)) {
      this.unanswered.count(atMs)
      return new TokenError("ERR_TOKEN_REQUEST", "the simulated issuer cannot be reached", { transient: true })
    }
    if (this.granted.at(atMs) >= limitPerSecond) {
      this.rejected.count(atMs)
      const message = "the simulated issuer gives no more tokens in this second"
      return new TokenResponseError(message, { status: 429, transient: true, retryAfterMs })
    }
    this.granted.count(atMs)
    return undefined
  }
}
