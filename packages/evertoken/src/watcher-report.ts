import type { Clock } from "./clock.js"
import type { TokenError } from "./errors.js"
import { publish } from "./events.js"
import type { RenewalSetbacks } from "./renewal-setbacks.js"
import type { TokenSource } from "./token-source.js"
import type { Token } from "./token.js"

/**
 * Publishes a watcher's renewals as events, unless its source tells of changes: then it has a store, or a watcher, that
 * publishes them itself.
 */
export class WatcherReport {
  readonly #clock: Clock
  readonly #key: string
  readonly #isOwed: boolean
  #generation = 0
  #beganAt = 0

  constructor(source: TokenSource, clock: Clock) {
    this.#clock = clock
    this.#key = source.fingerprint ?? "token"
    this.#isOwed = source.changes === undefined
  }

  begin(): void {
    this.#beganAt = this.#clock.monotonic()
  }

  renewed({ expiresAt }: Token): void {
    if (!this.#isOwed) return
    const tookMs = this.#clock.monotonic() - this.#beganAt
    publish("renewed", { key: this.#key, generation: ++this.#generation, expiresAt, tookMs })
  }

  failed({ code, transient }: TokenError, setbacks: RenewalSetbacks): void {
    if (!this.#isOwed) return
    const { attempts: attempt } = setbacks
    publish("renewal-failed", { key: this.#key, code, transient, attempt, retryInMs: setbacks.remainingMs() })
  }
}
