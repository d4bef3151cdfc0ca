import {
  CachedTokenSource,
  hashOf,
  noJitter,
  systemClock,
  TokenError,
  TokenWatcher,
  type Clock,
  type Random,
  type Token,
  type TokenCache,
  type TokenRequest,
  type WatcherState,
} from "evertoken"
import { TokenRevoker } from "evertoken/oauth2"
import {
  distinctUntilChanged,
  endWith,
  filter,
  firstValueFrom,
  fromEvent,
  ignoreElements,
  map,
  merge,
  race,
  takeUntil,
  throwIfEmpty,
  type Observable,
} from "rxjs"
import type { TokenConfig } from "../config/token-config.js"
import { endpointOptions, issuerOptions, lifetimePolicy } from "./issuer-requests.js"
import { isGivenByPerson, SignIn, type SignInPrompt, type SignInState } from "./sign-in.js"
import { errorReport, isRenewable, type TokenStatus } from "./token-status.js"
import { tokenSourceOf, type TokenSecrets } from "./token-source-of.js"
import { tokenSetByHand, type TokensSetByHand } from "./tokens-set-by-hand.js"

/** Where a named token is kept. */
export interface TokenStore {
  /** As the configuration calls it. */
  readonly name: string
  readonly isEncrypted: boolean
  /** Nearest first, the last one durable. */
  readonly caches: readonly [TokenCache, ...TokenCache[]]
}

export interface NamedTokenOptions {
  readonly config: TokenConfig
  readonly secrets: TokenSecrets
  readonly store: TokenStore
  readonly clock?: Clock | undefined
  readonly random?: Random | undefined
}

/**
 * A token of the configuration: what the server hands out, and a command that works without a server, too. It is kept
 * fresh from {@link NamedToken.start} on. What changes it is durable before it is told. Safe to use concurrently.
 */
export class NamedToken implements AsyncDisposable {
  readonly name: string
  readonly config: TokenConfig
  readonly #store: TokenStore
  readonly #secrets: TokenSecrets
  readonly #clock: Clock
  readonly #source: CachedTokenSource
  readonly #watcher: TokenWatcher
  readonly #signIn: SignIn
  #state: WatcherState = { status: "starting", isRenewing: false, attempts: 0 }
  #failedAt = 0
  #token: Token | undefined

  private constructor(name: string, options: NamedTokenOptions, source: CachedTokenSource, watcher: TokenWatcher) {
    const { config, store, secrets, clock = systemClock } = options
    this.name = name
    this.config = config
    this.#store = store
    this.#secrets = secrets
    this.#clock = clock
    this.#source = source
    this.#watcher = watcher
    const accept = async (token: Token) => {
      await source.signIn(token)
      // the watcher hears of it a moment later
      this.#token = token
    }
    this.#signIn = new SignIn({ config, endpoint: endpointOptions(config, secrets.clientSecret, clock), clock, accept })
    watcher.state$.subscribe((state) => this.#noted(state))
  }

  /** Nothing is asked for before {@link start}, or a first call that needs a token. @throws TypeError naming what is wrong. */
  static async open(name: string, options: NamedTokenOptions): Promise<NamedToken> {
    const { config, clock = systemClock, random } = options
    const { policy = {} } = config
    const source = new CachedTokenSource(tokenSourceOf(name, config, options.secrets, clock), {
      key: name,
      caches: options.store.caches,
      requestTimeoutMs: policy.requestTimeout,
      reuseLeewayMs: policy.reuseLeeway,
      ...{ clock, random },
    })
    const watcher = await TokenWatcher.start(source, {
      lazy: true,
      jitter: policy.jitter === false ? noJitter : undefined,
      minimumValidityMs: policy.minimumValidity,
      serveExpiredMs: policy.serveExpired,
      ...{ clock, random },
    })
    return new NamedToken(name, options, source, watcher)
  }

  /** From now on it is kept fresh. */
  start(): void {
    this.#watcher.token$.subscribe((token) => (this.#token = token))
  }

  get status(): TokenStatus {
    const { config, name } = this
    const { isRenewing, attempts, nextRenewalAt, lastError } = this.#state
    // the mark in the store says so after a restart, too
    const status = this.#watcher.signedOut ? "signed-out" : this.#state.status
    const { issuedAt, staleAt, expiresAt } = this.#token ?? {}
    const canSignIn = isGivenByPerson(config)
    const report = { name, canSignIn, at: this.#failedAt }
    return {
      ...{ name, grant: config.grant, issuer: config.issuer, clientId: config.client.id, scope: config.scope },
      ...{ store: this.#store.name, isEncrypted: this.#store.isEncrypted },
      ...{ status, isRenewing, issuedAt, staleAt, expiresAt, nextRenewalAt, attempts },
      isRenewable: isRenewable(config, this.#token),
      lastError: lastError && errorReport(lastError, report),
      ...{ canSignIn, isSigningIn: this.#signIn.isUnderWay },
      signInError: this.#signIn.lastError?.message,
    }
  }

  /** Whether {@link getToken} has something to give at once. */
  get isServable(): boolean {
    try {
      this.#watcher.current()
      return true
    } catch {
      return false
    }
  }

  /** The status now, and each other one. Completes on {@link close}. */
  get status$(): Observable<TokenStatus> {
    const state$ = this.#watcher.state$
    return merge(state$, this.#signIn.isUnderWay$).pipe(
      takeUntil(state$.pipe(ignoreElements(), endWith("closed"))),
      map(() => this.status),
      distinctUntilChanged((a, b) => JSON.stringify(a) === JSON.stringify(b)),
    )
  }

  /** As `TokenWatcher.getToken`. */
  getToken(request?: Pick<TokenRequest, "minimumValidityMs" | "signal">): Promise<Token> {
    return this.#watcher.getToken(request)
  }

  /**
   * The next token whose {@link tagOf} is another one: at once if that of the token at hand is. Rejects with `signal.reason`;
   * with a TokenError on {@link close}, and, unless `tag` is undefined (then each token is another one), once somebody has signed out.
   */
  async changedFrom(tag: string | undefined, signal: AbortSignal): Promise<Token> {
    signal.throwIfAborted()
    const changed = this.#watcher.token$.pipe(
      filter((token) => tagOf(token) !== tag),
      throwIfEmpty(closed),
    )
    const aborted = fromEvent(signal, "abort").pipe(map(() => throwReason(signal)))
    const signedOut = this.#watcher.state$.pipe(
      filter(() => tag !== undefined && this.#watcher.signedOut),
      map(() => throwSignedOut()),
    )
    return firstValueFrom(race(changed, aborted, signedOut))
  }

  /** As `TokenWatcher.refresh`; also a token that is in the store, and was not read from there yet. */
  async refresh(): Promise<Token> {
    if (!this.isServable && (await this.#isKeptValid())) await this.#watcher.getToken()
    return this.#watcher.refresh()
  }

  /**
   * Renews the token that a client was refused with, unless another one is at hand: one renewal for all of them. `insist` as in
   * `TokenRequest`.
   */
  async replace(isRefused: (tag: string) => boolean, { insist }: { readonly insist: boolean }): Promise<void> {
    const token = this.#token ?? (await this.#watcher.getToken())
    if (isRefused(tagOf(token))) await this.#watcher.getToken({ newerThan: token, insist })
  }

  /**
   * Replaces what is kept. A refresh token alone is used at once: an issuer that cannot be asked just now is asked again later.
   * @throws TypeError naming the field. TokenError if it could not be written, or the issuer refuses it.
   */
  async set(fields: TokensSetByHand): Promise<void> {
    const before = this.#token
    await this.#source.signIn(tokenSetByHand(fields, this.#clock.now(), lifetimePolicy(this.config.policy)))
    if (fields.accessToken !== undefined) return
    await this.#watcher.getToken({ newerThan: before, insist: true }).catch(throwUnlessTransient)
  }

  /**
   * Revokes it at the issuer (RFC 7009), then forgets it; a renewal under way writes nothing back. With `local` it is
   * forgotten only.
   * @throws TokenError if the issuer could not be told: then nothing has changed.
   */
  async revoke({ local = false }: { readonly local?: boolean } = {}): Promise<void> {
    if (!local) await this.#revokeAtIssuer()
    this.#signIn.cancel()
    await this.#watcher.signOut()
  }

  /** Begins a sign-in, or joins the one under way. @throws TypeError if it is not a person who gives this grant. TokenError. */
  async signIn(): Promise<SignInPrompt> {
    if (isGivenByPerson(this.config)) return this.#signIn.begin()
    throw new TypeError(`nobody signs in for ${this.name}: its grant is ${this.config.grant}`)
  }

  /** What has become of the last sign-in of this process. */
  get signInState(): SignInState {
    return this.#signIn.state
  }

  /** Ends the sign-in under way, if there is one: it has failed then, and what was kept before stays. */
  cancelSignIn(): void {
    this.#signIn.cancel()
  }

  /** Resolves once the sign-in under way has succeeded, and its tokens are kept; at once if there is none. */
  signedIn(): Promise<void> {
    return this.#signIn.completed()
  }

  /** A renewal that was sent may finish, and what it brings be written, for so long. */
  async close(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    this.#signIn.cancel()
    await this.#watcher.close(options)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #isKeptValid(): Promise<boolean> {
    const record = await this.#store.caches.at(-1)?.get(this.name)
    return record?.token !== undefined && record.token.expiresAt > this.#clock.now()
  }

  #noted(state: WatcherState): void {
    if (state.lastError !== this.#state.lastError) this.#failedAt = this.#clock.now()
    if (state.status === "signed-out") this.#token = undefined
    this.#state = state
  }

  async #revokeAtIssuer(): Promise<void> {
    const record = await this.#store.caches.at(-1)?.get(this.name)
    if (record?.token === undefined) return
    const { accessToken, refreshToken } = record.token
    const revoker = new TokenRevoker(issuerOptions(this.config, this.#secrets.clientSecret, this.#clock))
    if (refreshToken === undefined) return revoker.revoke(accessToken, { hint: "access_token" })
    await revoker.revoke(refreshToken, { hint: "refresh_token" })
  }
}

/** Tells a token from others, and nothing of it: an entity tag (RFC 9110, section 8.8.3). */
export function tagOf(token: Token): string {
  return `"${hashOf(token.accessToken)}"`
}

function closed(): TokenError {
  return new TokenError("ERR_TOKEN_SOURCE_CLOSED", "the token is closed", { transient: false })
}

function throwSignedOut(): never {
  throw new TokenError("ERR_REAUTHENTICATION_REQUIRED", "signed out", { transient: false })
}

function throwUnlessTransient(error: unknown): void {
  if (!(error instanceof TokenError) || !error.transient) throw error
}

function throwReason(signal: AbortSignal): never {
  throw signal.reason
}
