import type { RedisScript } from "./redis-script.js"

/** What is done with a client of Redis, whichever it is. Rejects with the client's own errors. */
export interface RedisConnection {
  /** Runs a script that the server knows by its name; rejects with `NOSCRIPT` if it does not. */
  runKnown(script: RedisScript, key: string, args: readonly string[]): Promise<unknown>
  /** Runs a script, and makes it known. */
  run(script: RedisScript, key: string, args: readonly string[]): Promise<unknown>
  /** Waits for replicas to have what was written before. Undefined: this client cannot tell whose replicas. */
  readonly waitForReplicas?: ((count: number, timeoutMs: number) => Promise<unknown>) | undefined
  /** Opens another connection, to listen. */
  openSubscriber(events: SubscriberEvents): RedisSubscriber
}

export interface SubscriberEvents {
  /** Somebody has told `message` on `channel`. */
  readonly onMessage: (channel: string, message: string) => void
  /** It is connected, again perhaps: something may have been missed. */
  readonly onReady: () => void
}

/** A connection that listens. It connects anew by itself, as its client was told to. */
export interface RedisSubscriber {
  /** Resolves once the server has agreed. */
  subscribe(channel: string): Promise<unknown>
  unsubscribe(channel: string): Promise<unknown>
  /** Whether it has given up: another one is to be opened. */
  readonly ended: boolean
  /** Never throws. */
  close(): void
}

/** Whether `value` has these methods. */
export function hasMethods(value: unknown, names: readonly string[]): boolean {
  const isObject = typeof value === "object" && value !== null
  return isObject && names.every((name) => typeof Reflect.get(value, name) === "function")
}
