import { hasMethods, type RedisConnection, type RedisSubscriber, type SubscriberEvents } from "./redis-connection.js"
import type { RedisScript } from "./redis-script.js"

/** What is used of a client of ioredis. */
export interface Ioredis {
  readonly isCluster?: boolean
  evalsha(sha: string, keys: number, ...args: string[]): Promise<unknown>
  eval(lua: string, keys: number, ...args: string[]): Promise<unknown>
  call(command: string, ...args: string[]): Promise<unknown>
  duplicate(...overrides: object[]): unknown
}

interface IoredisListener {
  readonly status: string
  readonly stream?: { unref?(): unknown }
  on(event: string, listener: (...args: string[]) => void): unknown
  subscribe(channel: string): Promise<unknown>
  unsubscribe(channel: string): Promise<unknown>
  disconnect(): void
}

export function isIoredis(client: unknown): client is Ioredis {
  return hasMethods(client, ["evalsha", "eval", "call", "duplicate", "defineCommand"])
}

function isListener(client: unknown): client is IoredisListener {
  return hasMethods(client, ["on", "subscribe", "unsubscribe", "disconnect"])
}

/** ioredis: a single server, one that Sentinel names, or a cluster. */
export class IoredisConnection implements RedisConnection {
  readonly #client: Ioredis
  readonly waitForReplicas: RedisConnection["waitForReplicas"]

  constructor(client: Ioredis) {
    this.#client = client
    if (client.isCluster !== true) {
      this.waitForReplicas = (count, timeoutMs) => client.call("WAIT", String(count), String(timeoutMs))
    }
  }

  runKnown({ sha }: RedisScript, key: string, args: readonly string[]): Promise<unknown> {
    return this.#client.evalsha(sha, 1, key, ...args)
  }

  run({ lua }: RedisScript, key: string, args: readonly string[]): Promise<unknown> {
    return this.#client.eval(lua, 1, key, ...args)
  }

  openSubscriber({ onMessage, onReady }: SubscriberEvents): RedisSubscriber {
    // a subscription waits for its connection as long as it takes; there is one for each channel
    const options = { lazyConnect: false, enableOfflineQueue: true, maxRetriesPerRequest: null, autoResubscribe: true }
    const client = this.#client.isCluster === true ? this.#client.duplicate() : this.#client.duplicate(options)
    if (!isListener(client)) throw new TypeError("the duplicate of the client cannot listen")
    client.on("error", () => undefined) // it connects anew, and commands tell what is wrong
    client.on("connect", () => client.stream?.unref?.())
    client.on("message", onMessage)
    client.on("ready", onReady)
    return {
      subscribe: (channel) => client.subscribe(channel),
      unsubscribe: (channel) => client.unsubscribe(channel),
      get ended() {
        return client.status === "end"
      },
      close: () => client.disconnect(),
    }
  }
}
