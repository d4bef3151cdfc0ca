import { hasMethods, type RedisConnection, type RedisSubscriber, type SubscriberEvents } from "./redis-connection.js"
import type { RedisScript } from "./redis-script.js"

interface ScriptArguments {
  readonly keys: string[]
  readonly arguments: string[]
}

/** What is used of a client of node-redis. */
export interface NodeRedis {
  evalSha(sha: string, options: ScriptArguments): Promise<unknown>
  eval(lua: string, options: ScriptArguments): Promise<unknown>
  duplicate(): unknown
}

interface PlainNodeRedis extends NodeRedis {
  sendCommand(args: readonly string[]): Promise<unknown>
}

interface NodeRedisListener {
  readonly isOpen: boolean
  on(event: string, listener: () => void): unknown
  connect(): Promise<unknown>
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>
  unsubscribe(channel: string): Promise<unknown>
  unref?(): void
  destroy(): unknown
}

export function isNodeRedis(client: unknown): client is NodeRedis {
  return hasMethods(client, ["evalSha", "eval", "duplicate", "subscribe"])
}

// a cluster and a sentinel have several connections, and a command without a key goes to any of them
function isPlain(client: NodeRedis): client is PlainNodeRedis {
  return hasMethods(client, ["sendCommand", "unref"])
}

function isListener(client: unknown): client is NodeRedisListener {
  return hasMethods(client, ["on", "connect", "subscribe", "unsubscribe", "destroy"])
}

/** node-redis: a single server, a cluster, or servers that Sentinel names. */
export class NodeRedisConnection implements RedisConnection {
  readonly #client: NodeRedis
  readonly waitForReplicas: RedisConnection["waitForReplicas"]

  constructor(client: NodeRedis) {
    this.#client = client
    if (isPlain(client)) {
      this.waitForReplicas = (count, timeoutMs) => client.sendCommand(["WAIT", String(count), String(timeoutMs)])
    }
  }

  runKnown({ sha }: RedisScript, key: string, args: readonly string[]): Promise<unknown> {
    return this.#client.evalSha(sha, { keys: [key], arguments: [...args] })
  }

  run({ lua }: RedisScript, key: string, args: readonly string[]): Promise<unknown> {
    return this.#client.eval(lua, { keys: [key], arguments: [...args] })
  }

  openSubscriber({ onMessage, onReady }: SubscriberEvents): RedisSubscriber {
    const client = this.#client.duplicate()
    if (!isListener(client)) throw new TypeError("the duplicate of the client cannot listen")
    client.on("error", () => undefined) // it connects anew, and commands tell what is wrong
    client.on("ready", onReady)
    client.unref?.()
    let isConnecting = true
    // what hinders it is told to whoever subscribes
    const connected = client
      .connect()
      .catch(() => undefined)
      .finally(() => (isConnecting = false))
    return {
      async subscribe(channel) {
        await connected
        await client.subscribe(channel, (message) => onMessage(channel, message))
      },
      unsubscribe: (channel) => client.unsubscribe(channel),
      get ended() {
        return !isConnecting && !client.isOpen
      },
      close() {
        // it throws where nothing is open
        if (client.isOpen) client.destroy()
      },
    }
  }
}
