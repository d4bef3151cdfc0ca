import { mkdir } from "node:fs/promises"
import { systemClock, TokenError, type Clock } from "evertoken"
import type { Config } from "../config/config.js"
import { nearestName } from "../config/nearest-name.js"
import { placesOf } from "../config/places.js"
import type { TokenAnswer } from "../http/token-answer.js"
import { keyringOf } from "../process/keyring-of.js"
import { NamedToken } from "../tokens/named-token.js"
import type { SignInPrompt } from "../tokens/sign-in.js"
import { hintFor } from "../tokens/token-hint.js"
import { secretsOf } from "../tokens/token-source-of.js"
import type { TokenStatus } from "../tokens/token-status.js"
import { TokenStores } from "../tokens/token-stores.js"
import type { TokensSetByHand } from "../tokens/tokens-set-by-hand.js"
import { CommandError, EXIT } from "./command-error.js"
import { failureOf } from "./failure.js"
import { keptStatus } from "./kept-status.js"
import type { TokenService } from "./token-service.js"

/** The tokens of a configuration, by this process itself, in the stores that a server uses: both may run at once. */
export class LocalTokens implements TokenService {
  readonly isServer = false
  readonly #config: Config
  readonly #clock: Clock
  readonly #stores: TokenStores
  readonly #opened = new Map<string, NamedToken>()

  private constructor(config: Config, clock: Clock, stores: TokenStores) {
    this.#config = config
    this.#clock = clock
    this.#stores = stores
  }

  /** @throws Error naming what of the configuration cannot be had. */
  static async open(config: Config, clock: Clock = systemClock): Promise<LocalTokens> {
    const { stateDirectory } = placesOf({ stateDirectory: config.stateDirectory })
    const keyring = await keyringOf(config)
    await mkdir(stateDirectory, { recursive: true, mode: 0o700 })
    return new LocalTokens(config, clock, new TokenStores({ stores: config.stores, stateDirectory, keyring }))
  }

  /** As the stores have them: nobody is asked. */
  async list(): Promise<readonly TokenStatus[]> {
    const tokens = Object.entries(this.#config.tokens).sort(([a], [b]) => (a < b ? -1 : 1))
    return Promise.all(
      tokens.map(async ([name, config]) => {
        const store = await this.#stores.open(config.store)
        return keptStatus(name, config, { store, now: this.#clock.now() })
      }),
    )
  }

  get(name: string, request: { readonly minimumValidityMs?: number | undefined }): Promise<TokenAnswer> {
    return this.#with(name, async (token) => {
      const { accessToken, tokenType, issuedAt, staleAt, expiresAt, scope } = await token.getToken(request)
      return { accessToken, tokenType, issuedAt, staleAt, expiresAt, scope }
    })
  }

  async refresh(name: string): Promise<void> {
    await this.#with(name, (token) => token.refresh())
  }

  async set(name: string, fields: TokensSetByHand): Promise<void> {
    await this.#with(name, (token) => token.set(fields))
  }

  async revoke(name: string, options: { readonly local: boolean }): Promise<void> {
    await this.#with(name, (token) => token.revoke(options))
  }

  signIn(name: string): Promise<SignInPrompt> {
    return this.#with(name, (token) => token.signIn())
  }

  async signedIn(name: string): Promise<void> {
    await this.#with(name, async (token) => {
      await token.signedIn()
      if (token.signInState === "kept") return
      throw new CommandError(token.status.signInError ?? "the sign-in has failed")
    })
  }

  async cancelSignIn(name: string): Promise<void> {
    await this.#with(name, (token) => {
      token.cancelSignIn()
      return Promise.resolve()
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#opened.values()].map((token) => token.close()))
    await this.#stores.close()
  }

  async #with<T>(name: string, work: (token: NamedToken) => Promise<T>): Promise<T> {
    const token = this.#opened.get(name) ?? (await this.#open(name))
    try {
      return await work(token)
    } catch (error) {
      const { canSignIn } = token.status
      throw failureOf(error, error instanceof TokenError ? hintFor(error, { name, canSignIn }) : undefined)
    }
  }

  async #open(name: string): Promise<NamedToken> {
    const { tokens } = this.#config
    const config = Object.hasOwn(tokens, name) ? tokens[name] : undefined
    if (config === undefined) throw unknownToken(name, Object.keys(tokens))
    try {
      const [store, secrets] = await Promise.all([this.#stores.open(config.store), secretsOf(config)])
      const token = await NamedToken.open(name, { config, store, secrets, clock: this.#clock })
      this.#opened.set(name, token)
      return token
    } catch (error) {
      const { message, exitCode, code } = failureOf(error)
      throw new CommandError(`tokens.${name}: ${message}`, { exitCode, code, cause: error })
    }
  }
}

function unknownToken(name: string, known: readonly string[]): CommandError {
  const nearest = nearestName(name, known)
  const hint = nearest === undefined ? `There are: ${known.join(", ") || "none"}.` : `Did you mean ${nearest}?`
  return new CommandError("no token has this name", { exitCode: EXIT.unknownToken, hint })
}
