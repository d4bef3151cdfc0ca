import type { Clock } from "evertoken"
import type { Config } from "../config/config.js"
import type { TokenStatus } from "../tokens/token-status.js"
import { failureOf } from "./failure.js"
import { isServed, openTokens } from "./open-tokens.js"
import type { TokenService } from "./token-service.js"

/** What is known of the tokens at one moment. */
export interface Look {
  readonly statuses: readonly TokenStatus[]
  /** Whether a server told; else it is what the stores hold. */
  readonly isServer: boolean
  /** Why it is what was known before. */
  readonly lost?: string
}

/** The tokens of a configuration, looked at again and again, while a server comes and goes. */
export class WatchedTokens implements AsyncDisposable {
  readonly #config: Config
  readonly #clock: Clock
  #tokens: TokenService | undefined
  #last: Look | undefined

  constructor(config: Config, clock: Clock) {
    this.#config = config
    this.#clock = clock
  }

  /** Rejects only as long as nothing is known. */
  async look(): Promise<Look> {
    try {
      if (this.#tokens?.isServer === false && (await isServed(this.#config))) await this.#leave()
      this.#tokens ??= await openTokens(this.#config, this.#clock)
      const statuses = await this.#tokens.list()
      return (this.#last = { statuses, isServer: this.#tokens.isServer })
    } catch (error) {
      await this.#leave()
      if (this.#last === undefined) throw error
      return { ...this.#last, lost: failureOf(error).message }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#leave()
  }

  async #leave(): Promise<void> {
    const tokens = this.#tokens
    this.#tokens = undefined
    await tokens?.[Symbol.asyncDispose]()
  }
}
