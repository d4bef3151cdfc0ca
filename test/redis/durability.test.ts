import { onTokenEvent, type TokenEvents } from "evertoken"
import { RedisTokenCache, type RedisTokenCacheOptions } from "evertoken/redis"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { RedisSentinel } from "../servers/redis-sentinel.js"
import { provideRedis, RedisServer } from "../servers/redis-server.js"
import { commit } from "./records.js"
import { CLIENTS, SENTINEL_CLIENTS } from "./redis-clients.js"

const program = provideRedis()

describe.skipIf(program === undefined)("what a server loses", () => {
  let failures: TokenEvents["cache-failed"][]
  let stopListening: () => void
  beforeEach(() => {
    failures = []
    stopListening = onTokenEvent("cache-failed", (event) => failures.push(event))
  })
  afterEach(() => stopListening())

  const details = () => failures.map(({ operation, detail }) => `${operation}: ${detail}`)

  async function writeOnce(server: RedisServer, name: string, options: RedisTokenCacheOptions = {}): Promise<void> {
    const client = await CLIENTS[name]?.(server.url)
    if (client === undefined) throw new Error(`no client ${name}`)
    const cache = new RedisTokenCache(client.client, options)
    expect(await commit(cache, 1)).toEqual({ committed: true })
    // the settings were asked for before this
    await cache.get("key")
    await cache.get("key")
    client.close()
  }

  test.each(["ioredis 6", "node-redis 6"])("is told of once, if its settings let it lose tokens: %s", async (name) => {
    const settings = { appendonly: "no", maxmemory: "100mb", "maxmemory-policy": "volatile-ttl" }
    await using server = await RedisServer.start(program ?? "", { settings })
    await writeOnce(server, name)
    expect(details()).toEqual([
      "check: maxmemory-policy is volatile-ttl: tokens or claims may be evicted. Set noeviction",
      "check: appendonly is no: a crash loses what was written last. Set appendonly yes",
    ])
  })

  test.each(["ioredis 6", "ioredis 5", "node-redis 6", "node-redis 5"])(
    "is less with replicas that have what was written, and told of where they have not: %s",
    async (name) => {
      await using primary = await RedisServer.start(program ?? "")
      await writeOnce(primary, name, { waitReplicas: { count: 1, timeoutMs: 20 } })
      expect(details()).toEqual(["wait: 0 of 1 replicas have what was written: a failover now would lose it"])
      failures = []
      await using _replica = await RedisServer.start(program ?? "", {
        settings: { replicaof: `127.0.0.1 ${primary.port}` },
      })
      await writeOnce(primary, name, { waitReplicas: { count: 1, timeoutMs: 60_000 }, prefix: "another" })
      expect(details()).toEqual([])
    },
  )

  test("is nothing that a replica has, when a sentinel makes it the primary: the same clients go on", async () => {
    await using servers = await RedisSentinel.start(program ?? "")
    await servers.canFailOver()
    const clients = await Promise.all(
      Object.values(SENTINEL_CLIENTS).map((open) => open(servers.name, servers.sentinel.port)),
    )
    const [first] = clients
    if (first === undefined) throw new Error("clients are needed")
    const caches = clients.map(({ client }) => new RedisTokenCache(client, { pollMs: 500 }))
    await commit(new RedisTokenCache(first.client, { waitReplicas: { count: 1, timeoutMs: 60_000 } }), 1)
    const seen = caches.map((cache) => {
      const generations = new Set<number | undefined>()
      const look = async () => void generations.add((await cache.get("key"))?.version.generation)
      cache.changes("key").subscribe(() => void look().catch(() => undefined))
      return generations
    })
    await servers.primary.kill()
    for (const cache of caches) {
      await expect.poll(() => generationIn(cache), { timeout: 60_000, interval: 100 }).toBe(1)
    }
    expect(await commit(new RedisTokenCache(first.client), 2)).toEqual({ committed: true })
    await expect
      .poll(() => seen.filter((generations) => generations.has(2)), { timeout: 60_000 })
      .toHaveLength(caches.length)
    for (const cache of caches) await cache.close()
    for (const client of clients) client.close()
  })
})

async function generationIn(cache: RedisTokenCache): Promise<number | undefined> {
  return (await cache.get("key").catch(() => undefined))?.version.generation
}
