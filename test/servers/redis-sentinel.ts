import { setTimeout as pause } from "node:timers/promises"
import { Redis } from "ioredis"
import { RedisServer } from "./redis-server.js"

const NAME = "tokens"

function configurationFor(port: number): string {
  return [
    `sentinel monitor ${NAME} 127.0.0.1 ${port} 1`,
    `sentinel down-after-milliseconds ${NAME} 500`,
    `sentinel failover-timeout ${NAME} 2000`,
  ].join("\n")
}

/** A primary, its replica, and a sentinel that makes the one the other when it has been away for half a second. */
export class RedisSentinel implements AsyncDisposable {
  readonly name = NAME
  readonly primary: RedisServer
  readonly replica: RedisServer
  readonly sentinel: RedisServer

  private constructor(primary: RedisServer, replica: RedisServer, sentinel: RedisServer) {
    this.primary = primary
    this.replica = replica
    this.sentinel = sentinel
  }

  static async start(program: string): Promise<RedisSentinel> {
    const primary = await RedisServer.start(program)
    const settings = { replicaof: `127.0.0.1 ${primary.port}` }
    const replica = await RedisServer.start(program, { settings })
    const sentinel = await RedisServer.start(program, { sentinel: configurationFor(primary.port) })
    return new RedisSentinel(primary, replica, sentinel)
  }

  /** Resolves once the sentinel knows the replica, which takes it some seconds. */
  async canFailOver(): Promise<void> {
    const client = new Redis(this.sentinel.port)
    try {
      for (;;) {
        const replicas = JSON.stringify(await client.call("SENTINEL", "REPLICAS", NAME))
        if (replicas.includes('"master-link-status","ok"')) return
        await pause(50)
      }
    } finally {
      client.disconnect()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of [this.sentinel, this.replica, this.primary]) await server[Symbol.asyncDispose]()
  }
}
