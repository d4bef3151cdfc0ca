import { RedisTokenCache } from "evertoken/redis"
import { VirtualClock } from "evertoken/testing"
import { Redis } from "ioredis"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { provideRedis, RedisServer } from "../servers/redis-server.js"
import { commit } from "./records.js"
import { CLIENTS } from "./redis-clients.js"

const program = provideRedis()

describe.skipIf(program === undefined).each(Object.entries(CLIENTS))("a server in trouble, with %s", (_name, open) => {
  let server: RedisServer
  let admin: Redis
  const opened: (() => Promise<void>)[] = []
  beforeAll(async () => void (server = await RedisServer.start(program ?? "")))
  beforeEach(async () => {
    admin = new Redis(server.port)
    await admin.flushall()
  })
  afterEach(async () => {
    for (const close of opened.splice(0)) await close()
    admin.disconnect()
  })
  afterAll(() => server[Symbol.asyncDispose]())

  async function connect(clock?: VirtualClock): Promise<RedisTokenCache> {
    const client = await open(server.url)
    const cache = new RedisTokenCache(client.client, { clock })
    opened.push(async () => {
      await cache.close()
      client.close()
    })
    return cache
  }

  test("that is killed and started again is used and listened to again, by the same client", async () => {
    const [cache, writer] = [await connect(), await connect()]
    await commit(writer, 1)
    const seen: (number | undefined)[] = []
    const reads: Promise<void>[] = []
    const look = async () => void seen.push((await cache.get("key"))?.version.generation)
    await look()
    cache.changes("key").subscribe(() => reads.push(look().catch(() => undefined)))
    await server.kill()
    await server.start()
    for (const each of [cache, writer]) {
      await expect.poll(() => each.get("key").catch(() => undefined), { timeout: 60_000 }).toBeDefined()
    }
    await commit(writer, 2)
    await expect.poll(() => seen.at(-1), { timeout: 60_000 }).toBe(2)
    await Promise.all(reads)
  })

  test("that hangs is asked nothing more, and answers what it was asked once it goes on", async () => {
    const clock = new VirtualClock()
    const cache = await connect(clock)
    await commit(cache, 1)
    server.pause()
    const waiting = cache.get("key")
    await clock.advance(2_500)
    await expect(cache.get("key")).rejects.toMatchObject({
      code: "ERR_TOKEN_CACHE",
      transient: true,
      message: "redis: cannot read the token in evertoken:{key}: it has not answered for 2500 ms",
    })
    server.resume()
    expect((await waiting)?.version.generation).toBe(1)
    expect((await cache.get("key"))?.version.generation).toBe(1)
  })

  test("that became a replica is read, says so to who writes, and is written when it is a primary again", async () => {
    const cache = await connect()
    await commit(cache, 1)
    await admin.replicaof("127.0.0.1", 1)
    expect((await cache.get("key"))?.version.generation).toBe(1)
    await expect(commit(cache, 2)).rejects.toMatchObject({ code: "ERR_TOKEN_CACHE", transient: true })
    await expect(commit(cache, 2)).rejects.toThrow("READONLY, it is a replica, which cannot be written")
    await admin.replicaof("NO", "ONE")
    expect(await commit(cache, 2)).toEqual({ committed: true })
  })

  test("that is out of memory is read, says so to who writes, and lets a claim be given back", async () => {
    const cache = await connect()
    await commit(cache, 1)
    const claim = cache.claim("key", { what: "0123456789abcdef", singleUse: true })
    await claim.take(1)
    await admin.config("SET", "maxmemory", "1")
    try {
      expect((await cache.get("key"))?.version.generation).toBe(1)
      await expect(commit(cache, 2)).rejects.toThrow("OOM, it is out of memory")
      await expect(claim.markSent()).rejects.toMatchObject({ code: "ERR_TOKEN_CACHE", transient: true })
      await claim.release("own")
      expect(await claim.look()).toMatchObject({ n: 0, owner: "none" })
    } finally {
      await admin.config("SET", "maxmemory", "0")
    }
    expect(await commit(cache, 2)).toEqual({ committed: true })
  })

  test("that has something else under the key says so, and leaves it", async () => {
    const cache = await connect()
    // one of the clients has a prefix of its own
    for (const name of ["evertoken:{key}", "tenant:evertoken:{key}"]) await admin.set(name, "somebody's")
    await expect(cache.get("key")).rejects.toThrow("WRONGTYPE, something else is stored there")
    await expect(commit(cache, 1)).rejects.toThrow("WRONGTYPE")
    expect(await admin.get("evertoken:{key}")).toBe("somebody's")
  })

  test("a client that its application has closed is told of as that", async () => {
    const client = await open(server.url)
    const cache = new RedisTokenCache(client.client)
    client.close()
    await expect(cache.get("key")).rejects.toThrow("the client is closed: connect it")
  })
})

describe.skipIf(program === undefined)("a server that is used for long", () => {
  test("has one key after a thousand rotations, each with a claim and a mark", async () => {
    await using server = await RedisServer.start(program ?? "", { settings: { appendfsync: "no" } })
    const client = new Redis(server.port)
    const cache = new RedisTokenCache(client)
    for (let generation = 1; generation <= 1_000; generation++) {
      const what = generation.toString(16).padStart(16, "0")
      const claim = cache.claim("key", { what, singleUse: true })
      expect(await claim.take(1)).toBe(true)
      await claim.markSent()
      expect(await commit(cache, generation)).toEqual({ committed: true })
      await claim.release("all")
    }
    expect(await client.keys("*")).toEqual(["evertoken:{key}"])
    client.disconnect()
  })
})
