import { Observable, type Subscriber } from "rxjs"
import { sleep, type Clock } from "../clock.js"
import type { ErrorBackoff } from "../error-backoff.js"
import { TokenError } from "../errors.js"
import type { Random } from "../random.js"

export interface ServerChangesOptions {
  /**
   * Waits for a token with another tag than this one for `timeoutMs`. No tag is `""`.
   * @returns its tag; undefined: there was none.
   */
  readonly wait: (after: string, timeoutMs: number, signal: AbortSignal) => Promise<string | undefined>
  /** The tag of the token at hand. */
  readonly tag: () => string
  readonly backoff: ErrorBackoff
  readonly clock: Clock
  readonly random: Random
}

const WAIT_MS = 60_000

/**
 * Emits whenever the server has another token, or none any more because somebody has signed out. Never errors: a server that
 * is away is asked again, and tells what has changed meanwhile. Keeps no process alive.
 */
export function serverChanges(options: ServerChangesOptions): Observable<void> {
  return new Observable((subscriber) => {
    const over = new AbortController()
    void follow(options, subscriber, over.signal)
    return () => over.abort()
  })
}

async function follow(options: ServerChangesOptions, subscriber: Subscriber<void>, signal: AbortSignal): Promise<void> {
  const { clock, random, backoff } = options
  let after = options.tag()
  for (let attempt = 0; !signal.aborted;) {
    const { tag, retryAfterMs } = await outcomeOf(options, after, signal)
    if (tag !== undefined && tag !== after) {
      after = tag
      attempt = 0
      subscriber.next()
    } else if (tag === undefined) {
      attempt += 1
      const delayMs = backoff.delayMs({ attempt, leftMs: 0, lifetimeMs: 0, retryAfterMs }, random)
      await sleep(clock, delayMs, { signal, ref: false }).catch(() => undefined)
    } else {
      attempt = 0
    }
  }
}

interface Outcome {
  /** That of the server's token, perhaps the same as before; `""`: there is none. Undefined: the server is away. */
  readonly tag?: string | undefined
  readonly retryAfterMs?: number | undefined
}

async function outcomeOf({ wait, clock }: ServerChangesOptions, after: string, signal: AbortSignal): Promise<Outcome> {
  const since = clock.monotonic()
  try {
    const tag = await wait(after, WAIT_MS, signal)
    if (tag !== undefined) return tag === after ? {} : { tag }
    // a server that ends answers before the time
    return clock.monotonic() - since < WAIT_MS / 2 ? {} : { tag: after }
  } catch (error) {
    if (!(error instanceof TokenError)) return {}
    const isSignedOut = error.code === "ERR_REAUTHENTICATION_REQUIRED" && after !== ""
    return isSignedOut ? { tag: "" } : { retryAfterMs: error.retryAfterMs }
  }
}
