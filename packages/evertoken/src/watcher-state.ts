import { Observable, Subject } from "rxjs"
import type { TokenError } from "./errors.js"

/** What a watcher has to serve, and whether it goes on asking. */
export type WatcherStatus =
  /** No token yet. */
  | "starting"
  | "fresh"
  /** Usable, and due for renewal. */
  | "stale"
  /** Nothing to serve until a renewal succeeds. */
  | "expired"
  /**
   * The grant is spent, revoked, or signed out by another process: only a new sign-in helps, and the issuer is not asked
   * any more. A token that is still valid goes on being served.
   */
  | "reauthentication-required"
  /** The issuer does not accept the configuration. One attempt a minute; a token still valid goes on being served. */
  | "misconfigured"
  /** `signOut()` was called. */
  | "signed-out"
  | "closed"

/** How a watcher is doing. Without secrets. */
export interface WatcherState {
  readonly status: WatcherStatus
  /** Whether the source is being asked for a newer token right now. */
  readonly isRenewing: boolean
  /** When it will be asked, in epoch milliseconds. Absent while it is asked, and if it will not be. */
  readonly nextRenewalAt?: number | undefined
  /** Failures since the last success. */
  readonly attempts: number
  /** The last of them. */
  readonly lastError?: TokenError | undefined
}

// the same moment reckoned twice differs by how the clocks drift
const SAME_MOMENT_MS = 1_000

/** Tells each state once, and the latest one to each new subscriber. */
export class WatcherStateFeed {
  readonly state$: Observable<WatcherState>
  readonly #states = new Subject<WatcherState>()
  #latest: WatcherState | undefined
  #told: WatcherState | undefined
  #isTelling = false
  #isComplete = false

  constructor() {
    this.state$ = new Observable((subscriber) => {
      if (this.#told !== undefined) subscriber.next(this.#told)
      return this.#states.subscribe(subscriber)
    })
  }

  show(state: WatcherState): void {
    if (this.#isComplete || (this.#latest !== undefined && isSame(this.#latest, state))) return
    this.#latest = state
    this.#tell()
  }

  complete(state: WatcherState): void {
    this.show(state)
    this.#isComplete = true
    this.#states.complete()
  }

  /** A subscriber may do what brings the next state about: that is told after this one, to all. */
  #tell(): void {
    if (this.#isTelling) return
    this.#isTelling = true
    while (this.#told !== this.#latest && this.#latest !== undefined) {
      this.#told = this.#latest
      this.#states.next(this.#told)
    }
    this.#isTelling = false
  }
}

function isSame(a: WatcherState, b: WatcherState): boolean {
  if (a.status !== b.status || a.isRenewing !== b.isRenewing) return false
  if (a.attempts !== b.attempts || a.lastError !== b.lastError) return false
  if (a.nextRenewalAt === undefined || b.nextRenewalAt === undefined) return a.nextRenewalAt === b.nextRenewalAt
  return Math.abs(a.nextRenewalAt - b.nextRenewalAt) < SAME_MOMENT_MS
}
