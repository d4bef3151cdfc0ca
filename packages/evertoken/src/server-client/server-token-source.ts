import { defer, ignoreElements, endWith, share, Subject, takeUntil, type Observable } from "rxjs"
import { systemClock, type Clock } from "../clock.js"
import { TokenError } from "../errors.js"
import { createRandom } from "../random.js"
import { sourceClosed, unchanged } from "../renewal-errors.js"
import { patiently, SingleFlight } from "../single-flight.js"
import { HeldToken } from "../token-lifetime.js"
import { satisfies } from "../token-need.js"
import { fingerprintOf, type TokenRequest, type TokenSource } from "../token-source.js"
import type { Token } from "../token.js"
import { tokenIn, type ServerAnswer } from "./server-answer.js"
import { serverChanges } from "./server-changes.js"
import { ServerConnection } from "./server-connection.js"
import { assertServerOptions, backoffOf, type ServerTokenSourceOptions } from "./server-options.js"

interface Kept {
  readonly held: HeldToken
  readonly tag: string
}

/**
 * A token that a token server of this host (`evertoken serve`) keeps, over its Unix socket or its TCP port. The server holds
 * the grant: no refresh token comes from there, and signing out of a watcher here does not sign out there.
 *
 * - {@link getToken} asks the server each time. While it is down or starts anew, or has no answer, the token that was given
 *   last is the answer, as long as it is valid. In a `TokenWatcher`, a read asks nobody.
 * - {@link changes} tells at once of each token that the server gets, so that a watcher has it before it asks.
 * - `newerThan` the server's own token has the server renew it: one renewal, however many clients were refused.
 *
 * Safe to use concurrently: callers who want any token share one request. The clocks of both are taken to agree.
 */
export class ServerTokenSource implements TokenSource, AsyncDisposable {
  readonly fingerprint: string
  readonly #path: string
  readonly #connection: ServerConnection
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #flight = new SingleFlight<Token>()
  readonly #closed$ = new Subject<void>()
  readonly #changes$: Observable<void>
  #kept: Kept | undefined

  /**
   * @param name of the token, as the server's configuration has it
   * @throws TypeError naming the option.
   */
  constructor(name: string, options: ServerTokenSourceOptions) {
    if (typeof name !== "string" || name === "") throw new TypeError("name must be the name of a token of the server")
    assertServerOptions(options)
    const { clock = systemClock, random = createRandom(), requestTimeoutMs = 15_000 } = options
    this.#path = `/tokens/${encodeURIComponent(name)}`
    this.#connection = new ServerConnection(options, clock)
    this.#clock = clock
    this.#timeoutMs = requestTimeoutMs
    this.fingerprint = fingerprintOf({ grant: ["token-server", this.#connection.place, name], access: [] })
    const wait = (after: string, timeoutMs: number, signal: AbortSignal) => this.#wait(after, timeoutMs, signal)
    const tag = () => this.#kept?.tag ?? ""
    this.#changes$ = defer(() => serverChanges({ wait, tag, backoff: backoffOf(options), clock, random })).pipe(
      takeUntil(this.#closed$.pipe(ignoreElements(), endWith(undefined))),
      share(),
    )
  }

  /**
   * @returns a promise that rejects with a `TokenError`: what the server said, with `ERR_REAUTHENTICATION_REQUIRED` if only a
   *   person can repair it; `ERR_TOKEN_REQUEST` or `ERR_TOKEN_REQUEST_TIMEOUT` if it does not answer; `ERR_TOKEN_UNCHANGED` if a
   *   newer one was asked for and is not to be had. Or with `signal.reason`.
   */
  async getToken(request: TokenRequest = {}): Promise<Token> {
    const { signal, newerThan } = request
    signal?.throwIfAborted()
    try {
      return await this.#ask(request)
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      const held = this.#heldAfter(error)
      if (held === undefined || !satisfies(held, { newerThan })) throw error
      return held.token
    }
  }

  /** Emits when the server has another token, or none any more. Never errors, keeps no process alive; completes on {@link close}. */
  changes(): Observable<void> {
    return this.#changes$
  }

  /** Ends what is under way. The server goes on keeping the token. Idempotent. */
  async close(): Promise<void> {
    this.#connection.close()
    this.#closed$.complete()
    this.#kept = undefined
  }

  /** As {@link close}, at the end of the block that declares it by `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #ask(request: TokenRequest): Promise<Token> {
    const { signal, newerThan, minimumValidityMs = 0, insist } = request
    const isAny = newerThan === undefined && minimumValidityMs === 0 && !insist
    return isAny
      ? patiently(
          this.#flight.run(() => this.#any()),
          signal,
        )
      : this.#askFor(request)
  }

  async #any(): Promise<Token> {
    return (await this.#get({})).held.token
  }

  async #askFor(request: TokenRequest): Promise<Token> {
    const { newerThan, insist = false } = request
    const first = await this.#get(request).catch((error: unknown) => {
      if (!insist) throw error
      return undefined
    })
    if (first !== undefined && !isFor(first, newerThan)) return first.held.token
    await this.#refresh(first?.tag, request)
    const next = await this.#get(request)
    if (isFor(next, newerThan)) throw unchanged()
    return next.held.token
  }

  async #get({ signal, minimumValidityMs = 0 }: Pick<TokenRequest, "signal" | "minimumValidityMs">): Promise<Kept> {
    const query = minimumValidityMs === 0 ? "" : `?min_validity=${Math.ceil(minimumValidityMs)}ms`
    return this.#keep(await this.#send({ method: "GET", path: this.#path + query, signal }))
  }

  /** Only if the server has none newer than this one. */
  async #refresh(tag: string | undefined, { signal, insist = false }: TokenRequest): Promise<void> {
    const path = `${this.#path}/refresh?insist=${String(insist)}`
    await this.#send({ method: "POST", path, headers: tag === undefined ? {} : { "if-match": tag }, signal })
  }

  async #wait(after: string, timeoutMs: number, signal: AbortSignal): Promise<string | undefined> {
    const path = `${this.#path}/wait?after=${encodeURIComponent(after)}&timeout=${timeoutMs}ms`
    const patienceMs = timeoutMs + this.#timeoutMs
    const answer = await this.#send({ method: "GET", path, signal, isBackground: true, timeoutMs: patienceMs })
    return answer.status === 304 ? undefined : this.#keep(answer).tag
  }

  #send(request: Omit<Parameters<ServerConnection["send"]>[0], "timeoutMs"> & { readonly timeoutMs?: number }) {
    return this.#connection.send({ timeoutMs: this.#timeoutMs, ...request })
  }

  #keep(answer: ServerAnswer): Kept {
    const token = tokenIn(answer)
    const before = this.#kept
    const tag = answer.etag ?? ""
    if (before?.tag === tag && isSame(before.held.token, token)) return before
    this.#kept = { held: new HeldToken(token, this.#clock), tag }
    return this.#kept
  }

  /** What is left to serve after a failure. A server that says it has no grant any more means the token at hand, too. */
  #heldAfter(error: unknown): HeldToken | undefined {
    if (this.#connection.isClosed) throw sourceClosed()
    if (error instanceof TokenError && error.code === "ERR_REAUTHENTICATION_REQUIRED") this.#kept = undefined
    return this.#kept?.held
  }
}

function isFor({ held }: Kept, newerThan: Token | undefined): boolean {
  return held.token.accessToken === newerThan?.accessToken
}

function isSame(a: Token, b: Token): boolean {
  return a.accessToken === b.accessToken && a.staleAt === b.staleAt && a.expiresAt === b.expiresAt
}
