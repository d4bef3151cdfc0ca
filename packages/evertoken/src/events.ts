import { channel, subscribe, unsubscribe, type Channel } from "node:diagnostics_channel"

/**
 * What the library tells on `node:diagnostics_channel`, by channel name without its prefix `evertoken:`. Nothing here
 * is a secret. `key` is the cache key. Subscribers are called synchronously.
 *
 * A watcher whose source tells of no changes, since it keeps nothing itself, publishes `renewed` and `renewal-failed` in
 * its place: `key` is the source's fingerprint then (`token` if it has none), and generations count from 1.
 */
export interface TokenEvents {
  /** A new token came from the issuer and is durable (or, without a durable cache, in memory). */
  renewed: { readonly key: string; readonly generation: number; readonly expiresAt: number; readonly tookMs: number }
  /** A newer token of another process was taken over; without `expiresAt` its sign-out. */
  adopted: {
    readonly key: string
    readonly generation: number
    readonly expiresAt: number | undefined
    readonly cache: string
  }
  /** An attempt to renew failed. Attempts count from 1 since the last success. */
  "renewal-failed": {
    readonly key: string
    readonly code: string
    readonly transient: boolean
    readonly attempt: number
    /** `Infinity`: only a new sign-in helps. */
    readonly retryInMs: number
  }
  /** Another process holds the claim on `what`. Once per wait. */
  waiting: { readonly key: string; readonly what: string }
  /** A cache could not be used, or something in it was not right; the library goes on without. */
  "cache-failed": {
    readonly cache: string
    readonly key?: string
    readonly operation: string
    readonly code: string
    readonly detail: string
  }
  /** A new token could not be written: it lives in memory only, and the write is tried again. */
  unwritten: { readonly key: string; readonly cache: string; readonly generation: number }
  /** Certificates or keys in files cannot be read or used: those that were read before stay in use. Once per request. */
  "credentials-kept": { readonly detail: string }
  /** The issuer gave no usable lifetime. */
  "lifetime-assumed": { readonly defaultLifetimeMs: number; readonly reason: string }
  /** The wall clock was set, or the machine slept. */
  "clock-stepped": { readonly byMs: number }
  /** A named step of the renewal transaction was reached (design, sections 4 and 6). */
  step: {
    readonly key: string
    readonly step: RenewalStep
    readonly what: string | undefined
    readonly n: number | undefined
    /** With `sending`: how what is spent is presented. */
    readonly presentation: Presentation | undefined
  }
}

/**
 * How a renewal presents what it spends: as nobody has before (`first`), again within the issuer's leeway
 * (`within-leeway`), once more after an outcome that nobody can know (`last-try`), or again under the claim of an
 * attempt whose outcome is unknown (`repeat`).
 */
export type Presentation = "first" | "within-leeway" | "last-try" | "repeat"

/** In the order of the protocol; the model in `test/model` uses the same names. */
export type RenewalStep =
  "looked" | "claimed" | "looked-again" | "marked" | "sending" | "answered" | "committed" | "released"

/** The name of an event, without the prefix `evertoken:` of its channel. */
export type TokenEventName = keyof TokenEvents

const PREFIX = "evertoken:"
const channels = new Map<TokenEventName, Channel>()

function channelOf(name: TokenEventName): Channel {
  let found = channels.get(name)
  if (!found) channels.set(name, (found = channel(PREFIX + name)))
  return found
}

/** Tells subscribers, if there are any. */
export function publish<N extends TokenEventName>(name: N, event: TokenEvents[N]): void {
  const target = channelOf(name)
  if (target.hasSubscribers) target.publish(event)
}

/** Calls `listener` at each event of this name, until the function returned is called. */
export function onTokenEvent<N extends TokenEventName>(name: N, listener: (event: TokenEvents[N]) => void): () => void {
  const subscriber = (event: unknown) => {
    if (isEvent(name, event)) listener(event)
  }
  subscribe(PREFIX + name, subscriber)
  return () => void unsubscribe(PREFIX + name, subscriber)
}

// nobody but publish() is to write to these channels
function isEvent<N extends TokenEventName>(_name: N, event: unknown): event is TokenEvents[N] {
  return typeof event === "object" && event !== null
}
