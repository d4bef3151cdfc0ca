import { EventEmitter } from "node:events"
import type { FakeRedis, FakeRedisListener } from "./fake-redis.js"

interface ScriptArguments {
  readonly keys: string[]
  readonly arguments: string[]
}

/** What both kinds of client have in common: what they were asked, and the connections that they gave. */
class FakeClient {
  /** Names of commands, in order. */
  readonly asked: string[] = []
  readonly duplicates: FakeListener[] = []
  /** How many replicas `WAIT` tells of, or why it does not. */
  replicas: number | Error = 0
  /** What every later subscription is refused with. */
  refusal: Error | undefined
  protected readonly server: FakeRedis

  constructor(server: FakeRedis) {
    this.server = server
  }

  duplicate(...overrides: object[]): object {
    const duplicate = new FakeListener(this, this.server, overrides)
    this.duplicates.push(duplicate)
    return duplicate
  }

  protected async wait(args: readonly string[]): Promise<number> {
    this.asked.push(args.join(" "))
    if (typeof this.replicas === "number") return this.replicas
    throw this.replicas
  }
}

export class FakeIoredis extends FakeClient {
  isCluster = false

  evalsha(sha: string, _keys: number, key = "", ...args: string[]): Promise<unknown> {
    this.asked.push("evalsha")
    return this.server.runKnown(sha, key, args)
  }

  eval(lua: string, _keys: number, key = "", ...args: string[]): Promise<unknown> {
    this.asked.push("eval")
    return this.server.run(lua, key, args)
  }

  call(command: string, ...args: string[]): Promise<unknown> {
    return this.wait([command, ...args])
  }

  defineCommand(): void {}
}

export class FakeNodeRedis extends FakeClient {
  evalSha(sha: string, { keys: [key = ""], arguments: args }: ScriptArguments): Promise<unknown> {
    this.asked.push("evalsha")
    return this.server.runKnown(sha, key, args)
  }

  eval(lua: string, { keys: [key = ""], arguments: args }: ScriptArguments): Promise<unknown> {
    this.asked.push("eval")
    return this.server.run(lua, key, args)
  }

  sendCommand(args: readonly string[]): Promise<unknown> {
    return this.wait(args)
  }

  subscribe(): void {}

  unref(): void {}
}

/** A connection that listens, with what either kind of client has. */
export class FakeListener extends EventEmitter implements FakeRedisListener {
  readonly overrides: readonly object[]
  readonly channels = new Map<string, ((message: string) => void) | undefined>()
  readonly stream = { unref: () => void this.unref() }
  unrefs = 0
  status = "ready"
  isOpen = false
  readonly #client: FakeClient
  readonly #server: FakeRedis

  constructor(client: FakeClient, server: FakeRedis, overrides: readonly object[]) {
    super()
    this.#client = client
    this.#server = server
    this.overrides = overrides
    server.listeners.add(this)
    queueMicrotask(() => this.emit("connect"))
  }

  hear(channel: string, message: string): void {
    if (!this.channels.has(channel)) return
    const listener = this.channels.get(channel)
    if (listener === undefined) this.emit("message", channel, message)
    else listener(message)
  }

  reconnected(): void {
    this.emit("ready")
  }

  /** It does not try to connect any more. */
  giveUp(): void {
    this.status = "end"
    this.isOpen = false
    this.#server.listeners.delete(this)
  }

  async connect(): Promise<void> {
    this.isOpen = true
  }

  async subscribe(channel: string, listener?: (message: string) => void): Promise<void> {
    if (this.#client.refusal !== undefined) throw this.#client.refusal
    this.channels.set(channel, listener)
  }

  async unsubscribe(channel: string): Promise<void> {
    this.channels.delete(channel)
  }

  disconnect(): void {
    this.giveUp()
  }

  destroy(): void {
    this.giveUp()
  }

  unref(): void {
    this.unrefs += 1
  }
}
