import { Subject, type Observable } from "rxjs"
import type { Clock } from "../../clock.js"
import { TokenError, type TokenErrorCode, type TokenErrorOptions } from "../../errors.js"
import type { TokenRequest, TokenSource } from "../../token-source.js"
import { Token, type TokenFields } from "../../token.js"

/** What a scripted source does when it is asked: gives a token, fails, or whatever the function does. */
export type ScriptedAnswer = Token | Error | ((request: TokenRequest) => Promise<Token> | Token)

/** A token that was issued just now. `accessToken` names it. */
export function tokenOf(
  accessToken: string,
  clock: Clock,
  fields: Partial<TokenFields> & { lifetimeMs?: number } = {},
): Token {
  const { lifetimeMs = 3_600_000, ...others } = fields
  const issuedAt = clock.now()
  return new Token({
    accessToken,
    issuedAt,
    staleAt: issuedAt + lifetimeMs * 0.75,
    expiresAt: issuedAt + lifetimeMs,
    ...others,
  })
}

export function errorOf(code: TokenErrorCode, options: Partial<TokenErrorOptions> = {}): TokenError {
  return new TokenError(code, `scripted: ${code}`, { transient: true, ...options })
}

/**
 * A token source made by hand: it answers as told, in order; when the script is over it gives `token-1`, `token-2`, …,
 * each for an hour. Counts what it is asked.
 */
export class ScriptedSource implements TokenSource {
  readonly requests: TokenRequest[] = []
  readonly closedWith: { readonly timeoutMs: number }[] = []
  readonly #clock: Clock
  readonly #script: ScriptedAnswer[]
  #issued = 0

  constructor(clock: Clock, script: readonly ScriptedAnswer[] = []) {
    this.#clock = clock
    this.#script = [...script]
  }

  /** How often it was asked. */
  get asked(): number {
    return this.requests.length
  }

  /** Adds to the script. */
  willGive(...answers: ScriptedAnswer[]): void {
    this.#script.push(...answers)
  }

  async getToken(request: TokenRequest = {}): Promise<Token> {
    this.requests.push(request)
    const answer = this.#script.shift() ?? tokenOf(`token-${++this.#issued}`, this.#clock)
    if (answer instanceof Error) throw answer
    return typeof answer === "function" ? answer(request) : answer
  }

  async close(options: { readonly timeoutMs: number }): Promise<void> {
    this.closedWith.push(options)
  }
}

/**
 * A source with a store, as a cached token source is: `getToken()` gives what is in the store and asks nobody;
 * `newerThan` what the script says.
 */
export class ScriptedStore extends ScriptedSource {
  readonly changed = new Subject<void>()
  stored: Token | Error
  looked = 0
  signOuts = 0

  constructor(clock: Clock, stored: Token | Error, script: readonly ScriptedAnswer[] = []) {
    super(clock, script)
    this.stored = stored
  }

  override async getToken(request: TokenRequest = {}): Promise<Token> {
    if (request.newerThan !== undefined) return (this.stored = await super.getToken(request))
    this.looked++
    if (this.stored instanceof Error) throw this.stored
    return this.stored
  }

  changes(): Observable<void> {
    return this.changed
  }

  /** Another process writes. */
  write(stored: Token | Error): void {
    this.stored = stored
    this.changed.next()
  }

  async signOut(): Promise<void> {
    this.signOuts++
    this.write(errorOf("ERR_REAUTHENTICATION_REQUIRED", { transient: false }))
  }
}
