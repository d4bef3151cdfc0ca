import { createHash } from "node:crypto"
import { LuaFactory } from "wasmoon"

// as in Redis: a list is a table, nothing is false
const LUA = `
local function list(length)
  local items = {}
  for i = 1, length do items[i] = item(i) end
  return items
end
local KEYS, ARGV = list(perform('KEYS')), list(perform('ARGV'))
local redis = { sha1hex = sha1hex }
function redis.call(...)
  local length = perform(...)
  if length < 0 then return item(1) end
  return list(length)
end
function redis.pcall(...)
  local done, result = pcall(redis.call, ...)
  if done then return result end
  return { err = tostring(result) }
end
local function script()
%s
end
for _, text in ipairs(script()) do answer(text) end
`

const engine = await new LuaFactory().createEngine()

/** A connection that hears what is published. */
export interface FakeRedisListener {
  hear(channel: string, message: string): void
  reconnected(): void
}

type Value = string | number | false
type Reply = Value | readonly Value[]

/** A server of Redis in memory: it runs scripts in Lua, and knows the few commands that ours use. */
export class FakeRedis {
  readonly hashes = new Map<string, Map<string, string>>()
  /** When each key expires, in milliseconds from when that was said last. */
  readonly expiries = new Map<string, number>()
  /** What `INFO` says. Undefined: its user may not see it. */
  info: string | undefined = "maxmemory:0\nmaxmemory_policy:noeviction\naof_enabled:1\n"
  /** The time by its clock. */
  now: () => number = () => 0
  /** How it comes to run a script, and to answer. */
  serve: (run: () => unknown) => unknown = (run) => run()
  readonly listeners = new Set<FakeRedisListener>()
  readonly #scripts = new Map<string, string>()

  /** As one that was restarted with its data: what it was told of scripts is gone, listeners connect anew. */
  restart(): void {
    this.#scripts.clear()
    for (const listener of this.listeners) listener.reconnected()
  }

  async run(lua: string, key: string, args: readonly string[]): Promise<unknown> {
    this.#scripts.set(sha1(lua), lua)
    return this.serve(() => this.#evaluate(lua, [key], args))
  }

  async runKnown(sha: string, key: string, args: readonly string[]): Promise<unknown> {
    const lua = this.#scripts.get(sha)
    if (lua === undefined) throw new Error("NOSCRIPT No matching script. Please use EVAL.")
    return this.run(lua, key, args)
  }

  #evaluate(lua: string, keys: readonly string[], args: readonly string[]): readonly string[] {
    let items: readonly Value[] = []
    const answer: string[] = []
    engine.global.set("sha1hex", sha1)
    engine.global.set("item", (i: number) => items[i - 1])
    engine.global.set("answer", (text: string) => void answer.push(text))
    engine.global.set("perform", (name: string, ...rest: readonly (string | number)[]) => {
      const reply = name === "KEYS" ? keys : name === "ARGV" ? args : this.#perform(name, rest.map(String))
      items = typeof reply === "object" ? reply : [reply]
      return typeof reply === "object" ? reply.length : -1
    })
    engine.doStringSync(LUA.replace("%s", () => lua))
    return answer
  }

  #perform(name: string, [key = "", ...args]: readonly string[]): Reply {
    const hash = this.hashes.get(key) ?? new Map<string, string>()
    const [field = "", value = ""] = args
    switch (name) {
      case "TIME":
        return [String(Math.floor(this.now() / 1_000)), String((this.now() % 1_000) * 1_000)]
      case "HGET":
        return hash.get(field) ?? false
      case "HMGET":
        return args.map((each) => hash.get(each) ?? false)
      case "HGETALL":
        return [...hash].flat()
      case "HKEYS":
        return [...hash.keys()]
      case "HEXISTS":
        return hash.has(field) ? 1 : 0
      case "HSETNX":
        return hash.has(field) ? 0 : this.#set(key, hash, [field, value])
      case "HSET":
        return this.#set(key, hash, args)
      case "HDEL":
        hash.delete(field)
        if (hash.size === 0) this.hashes.delete(key)
        return 1
      case "PEXPIRE":
        this.expiries.set(key, Number(field))
        return 1
      case "PUBLISH":
        for (const listener of this.listeners) queueMicrotask(() => listener.hear(key, field))
        return 1
      case "INFO":
        if (this.info === undefined) throw new Error("NOPERM this user has no permissions to run the 'info' command")
        return this.info
      default:
        throw new Error(`ERR unknown command '${name}'`)
    }
  }

  #set(key: string, hash: Map<string, string>, pairs: readonly string[]): number {
    for (let i = 0; i < pairs.length; i += 2) hash.set(pairs[i] ?? "", pairs[i + 1] ?? "")
    this.hashes.set(key, hash)
    return 1
  }
}

function sha1(text: string): string {
  return createHash("sha1").update(text).digest("hex")
}
