import { EventEmitter, once } from "node:events"
import { setImmediate as turn } from "node:timers/promises"
import type { Clock, StoredToken, TokenCache } from "evertoken"
import { RedisTokenCache } from "evertoken/redis"
import { Redis } from "ioredis"
import { RedisServer } from "../../servers/redis-server.js"
import type { OpenStore, StoreMishap, StoreUnderTest } from "./store-under-test.js"

/** The real `RedisTokenCache`, on a real server that all scenarios share, one after the other. */
export function redisStore(program: string): StoreUnderTest {
  let traffic: Promise<Traffic> | undefined
  return {
    name: "redis",
    open: async () => {
      const opened = await (traffic ??= Traffic.start(program))
      await opened.redis.flushall()
      return new SharedKeys(opened)
    },
    settle: async () => (await traffic)?.settle(),
    end: async () => {
      await (await traffic)?.[Symbol.asyncDispose]()
      traffic = undefined
    },
  }
}

// the server tells at once what is written; looking oneself is for what it does not tell
const POLL_MS = 30_000

class SharedKeys implements OpenStore {
  readonly #traffic: Traffic
  #backup: readonly (readonly [string, Record<string, string>])[] = []

  constructor(traffic: Traffic) {
    this.#traffic = traffic
  }

  connect(clock: Clock): TokenCache {
    return new RedisTokenCache(this.#traffic.client, { clock, pollMs: POLL_MS })
  }

  read(key: string): Promise<StoredToken | undefined> {
    return new RedisTokenCache(this.#traffic.redis).get(key)
  }

  async suffer(mishap: StoreMishap): Promise<boolean> {
    if (mishap === "copy is torn") return false
    const { redis } = this.#traffic
    const records = (await redis.keys("*")).filter((name) => !name.includes(":claim:"))
    if (mishap === "is backed up") {
      this.#backup = await Promise.all(records.map(async (name) => [name, await redis.hgetall(name)] as const))
      return true
    }
    for (const name of records) {
      const text = (await redis.hget(name, "record")) ?? ""
      if (mishap === "is torn") await redis.hset(name, "record", text.slice(0, text.length / 2))
      else await redis.del(name)
    }
    if (mishap === "is restored") for (const [name, fields] of this.#backup) await redis.hset(name, fields)
    return true
  }

  visibleNames(): Promise<readonly string[]> {
    return this.#traffic.redis.keys("*")
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

// a chain of calls has one of them under way at each turn
const QUIET_TURNS = 3
const BARRIER = "barrier"

/** All that goes to the server and comes from it, counted. */
class Traffic implements AsyncDisposable {
  readonly redis: Redis
  readonly #server: RedisServer
  /** The one connection that listens, for all. */
  readonly #ear: Redis
  readonly #heard = new EventEmitter().setMaxListeners(0)
  #pending = 0
  #isNewsOut = false

  private constructor(server: RedisServer) {
    this.#server = server
    this.redis = new Redis(server.port)
    this.#ear = new Redis(server.port)
  }

  static async start(program: string): Promise<Traffic> {
    const traffic = new Traffic(await RedisServer.start(program, { settings: { appendfsync: "no" } }))
    traffic.#ear.on("message", (channel: string, message: string) => traffic.#heard.emit(channel, message))
    await traffic.#ear.subscribe(BARRIER)
    return traffic
  }

  /** Stands for a connection of its own. */
  readonly client = {
    evalsha: (sha: string, keys: number, ...args: string[]) => this.#counted(this.redis.evalsha(sha, keys, ...args)),
    eval: (lua: string, keys: number, ...args: string[]) => this.#counted(this.redis.eval(lua, keys, ...args)),
    call: () => Promise.reject(new Error("nobody waits for replicas")),
    defineCommand: () => undefined,
    duplicate: () => this.#listener(),
  }

  async settle(): Promise<void> {
    for (let quiet = 0; quiet < QUIET_TURNS; quiet++) {
      await turn()
      if (this.#pending > 0) quiet = -1
      else if (this.#isNewsOut) {
        await this.#hearAll()
        quiet = -1
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ear.disconnect()
    this.redis.disconnect()
    await this.#server[Symbol.asyncDispose]()
  }

  #listener() {
    const news = new EventEmitter()
    const passes = new Map<string, (message: string) => void>()
    const leave = (channel: string) => this.#heard.off(channel, passes.get(channel) ?? (() => undefined))
    return Object.assign(news, {
      status: "ready",
      subscribe: async (channel: string) => {
        const pass = (message: string) => void news.emit("message", channel, message)
        passes.set(channel, pass)
        this.#heard.on(channel, pass)
        await this.#counted(this.#ear.subscribe(channel))
      },
      unsubscribe: async (channel: string) => void leave(channel),
      disconnect: () => {
        for (const channel of passes.keys()) leave(channel)
      },
    })
  }

  /** What was told before has then been heard: the server keeps the order. */
  async #hearAll(): Promise<void> {
    this.#isNewsOut = false
    const heard = once(this.#heard, BARRIER)
    await this.redis.publish(BARRIER, "")
    await heard
  }

  async #counted<T>(answer: Promise<T>): Promise<T> {
    this.#pending++
    this.#isNewsOut = true
    try {
      return await answer
    } finally {
      this.#pending--
    }
  }
}
