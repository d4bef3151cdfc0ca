import { Observable, Subject } from "rxjs"
import type { HeldToken } from "./token-lifetime.js"
import type { Token } from "./token.js"

/** Where the token at hand is kept, for whoever reads it so often that each object on the way counts. */
export interface HeldPlace {
  held: HeldToken | undefined
  /** The token as a promise, always the same one. */
  ready: Promise<Token> | undefined
}

/**
 * The token that a watcher serves, and the news of it. A subscriber that throws harms nobody else: rxjs catches what it
 * throws and reports it on a timer of its own (`config.onUnhandledError`, else as an uncaught exception).
 */
export class TokenPublication {
  /** The token at hand unless it has expired, then each newer one. Never errors. */
  readonly token$: Observable<Token>
  /** Emits after each replacement and withdrawal. */
  readonly change$: Observable<void>
  readonly #tokens = new Subject<Token>()
  readonly #changes = new Subject<void>()
  readonly #place: HeldPlace

  /** `onSubscribe` is called before each subscription to {@link token$}. */
  constructor(onSubscribe: () => void, place: HeldPlace = { held: undefined, ready: undefined }) {
    this.#place = place
    this.token$ = new Observable((subscriber) => {
      onSubscribe()
      if (this.held !== undefined && !this.held.isExpired()) subscriber.next(this.held.token)
      return this.#tokens.subscribe(subscriber)
    })
    this.change$ = this.#changes.asObservable()
  }

  get held(): HeldToken | undefined {
    return this.#place.held
  }

  /** The token at hand as a promise, always the same one. */
  get ready(): Promise<Token> | undefined {
    return this.#place.ready
  }

  /** Replaces the token at hand; told to subscribers if the access token is another one. */
  replace(held: HeldToken): void {
    const isNew = this.held?.token.accessToken !== held.token.accessToken
    this.#place.held = held
    this.#place.ready = Promise.resolve(held.token)
    if (isNew) this.#tokens.next(held.token)
    this.#changes.next()
  }

  /** From here on nothing is served, until the next replacement. */
  withdraw(): void {
    if (this.held === undefined) return
    this.#place.held = undefined
    this.#place.ready = undefined
    this.#changes.next()
  }

  complete(): void {
    this.withdraw()
    this.#tokens.complete()
    this.#changes.complete()
  }
}
