import { inspect } from "node:util"
import { afterEach, describe, expect, test } from "vitest"
import { onTokenEvent, type TokenEvents } from "../events.js"
import { seededRandom } from "../random.js"
import { FakeIoredis, FakeNodeRedis } from "../testing/internal/fake-redis-client.js"
import { FakeRedis } from "../testing/internal/fake-redis.js"
import { VirtualClock } from "../testing/virtual-clock.js"
import type { StoredToken } from "../token-cache.js"
import { Token } from "../token.js"
import { RedisTokenCache, type RedisTokenCacheOptions } from "./redis-token-cache.js"

const failures: TokenEvents["cache-failed"][] = []
let stopListening = () => {}
function setUp(options: RedisTokenCacheOptions = {}) {
  failures.length = 0
  stopListening = onTokenEvent("cache-failed", (event) => failures.push(event))
  const clock = new VirtualClock()
  const server = new FakeRedis()
  const client = new FakeIoredis(server)
  const cache = new RedisTokenCache(client, { clock, random: seededRandom(1), ...options })
  const another = (more: RedisTokenCacheOptions = {}) =>
    new RedisTokenCache(new FakeIoredis(server), { clock, ...more })
  return { clock, server, client, cache, another }
}
afterEach(() => stopListening())

function recordOf(generation: number, id = `id-${generation}`): StoredToken {
  const version = { lineage: "lineage", generation, id }
  const token = new Token({ accessToken: "secret-access", issuedAt: 1_000, staleAt: 50_000, expiresAt: 60_000 })
  return { version, token, fingerprint: "grant.access", lineages: [] }
}

const NOTHING = { expected: undefined }
const at = (generation: number, id = `id-${generation}`) => ({ expected: { lineage: "lineage", generation, id } })

describe("the keys in Redis", () => {
  test("have the key of the token in braces, so that all of a token is in one slot of a cluster", async () => {
    const { server, cache } = setUp({ prefix: "app:tokens" })
    await cache.commit("grant.access", recordOf(1), NOTHING)
    const claim = cache.claim("grant.access", { what: "0123456789abcdef", singleUse: true })
    await claim.take(1)
    expect([...server.hashes.keys()]).toEqual([
      "app:tokens:{grant.access}",
      "app:tokens:{grant.access}:claim:0123456789abcdef",
    ])
  })

  test.each(["", "with blank", "{braces}", "sha256-looks-hashed", "x".repeat(65)])(
    "have a hash in place of what is no fit key: %j",
    async (key) => {
      const { server, cache } = setUp()
      await cache.commit(key, recordOf(1), NOTHING)
      expect([...server.hashes.keys()]).toEqual([expect.stringMatching(/^evertoken:\{sha256-[0-9a-f]{16}\}$/)])
    },
  )

  test("of claims expire a day after the last change, with a tombstone after a month; a record never", async () => {
    const { server, cache } = setUp()
    await cache.commit("key", recordOf(1), NOTHING)
    const claim = cache.claim("key", { what: "subject", singleUse: true })
    await claim.take(1)
    expect(server.expiries).toEqual(new Map([["evertoken:{key}:claim:subject", 86_400_000]]))
    await claim.reject()
    await claim.markSent()
    expect(server.expiries).toEqual(new Map([["evertoken:{key}:claim:subject", 30 * 86_400_000]]))
  })
})

describe("a record", () => {
  test("is written in one step by whoever has just read, and the store is asked again by nobody", async () => {
    const { client, cache } = setUp()
    await cache.get("key")
    await cache.commit("key", recordOf(1), NOTHING)
    client.asked.length = 0
    await cache.commit("key", recordOf(2), at(1))
    expect(client.asked).toEqual(["evalsha"])
  })

  test("is forgotten in this process once ten thousand others have been used since, and asked for again", async () => {
    const { client, cache } = setUp()
    const askedToWrite = async (key: string, generation: number) => {
      client.asked.length = 0
      await cache.commit(key, recordOf(generation), generation === 1 ? NOTHING : at(generation - 1))
      return client.asked.length
    }
    for (const key of ["left", "used"]) await cache.commit(key, recordOf(1), NOTHING)
    for (let i = 0; i < 9_999; i++) await cache.get(`other-${i}`)
    expect(await askedToWrite("used", 2)).toBe(1)
    expect(await askedToWrite("left", 2)).toBe(2)
    expect(await askedToWrite("used", 3)).toBe(1)
  })

  test("that another has written since is not overwritten, and the writer is told of it", async () => {
    const { cache, another } = setUp()
    await cache.get("key")
    await another().commit("key", recordOf(1, "other"), NOTHING)
    expect(await cache.commit("key", recordOf(1), NOTHING)).toMatchObject({
      committed: false,
      current: { version: { id: "other" } },
    })
  })

  test("that was written without an answer is found to be written", async () => {
    const { server, cache } = setUp()
    await cache.get("key")
    server.serve = (run) => Promise.reject(new Error(`Connection is closed. ${String(run())}`))
    await expect(cache.commit("key", recordOf(1), NOTHING)).rejects.toMatchObject({ transient: true })
    server.serve = (run) => run()
    expect(await cache.commit("key", recordOf(1), NOTHING)).toEqual({ committed: true })
    expect(await cache.commit("key", recordOf(1, "other"), NOTHING)).toMatchObject({ committed: false })
  })

  test("that cannot be read is a miss, which is told once, and kept aside by the next one", async () => {
    const { server, cache } = setUp()
    const torn = '{"evertoken":1,"secret":"torn'
    server.hashes.set("evertoken:{key}", new Map([["record", torn]]))
    expect(await cache.get("key")).toBeUndefined()
    expect(await cache.get("key")).toBeUndefined()
    expect(failures.map(({ operation, detail }) => [operation, detail])).toEqual([
      ["read", expect.stringContaining("evertoken:{key} is no JSON object")],
    ])
    expect(inspect(failures)).not.toContain("torn'")
    expect(await cache.commit("key", recordOf(1), NOTHING)).toEqual({ committed: true })
    expect(await cache.get("key")).toMatchObject({ version: { generation: 1 } })
    const aside = [...(server.hashes.get("evertoken:{key}") ?? [])].filter(([name]) => name.startsWith("aside:"))
    expect(aside.map(([, text]) => text)).toEqual([torn])
  })

  test("of a newer version of evertoken is a miss, and the next one counts on from it", async () => {
    const { server, cache } = setUp()
    const newer = JSON.stringify({ evertoken: 9, version: { lineage: "l", generation: 7, id: "x" } })
    server.hashes.set("evertoken:{key}", new Map([["record", newer]]))
    expect(await cache.get("key")).toBeUndefined()
    expect(await cache.commit("key", recordOf(1), NOTHING)).toEqual({ committed: true })
    expect(await cache.get("key")).toMatchObject({ version: { generation: 8, id: "id-1" } })
    expect(await cache.commit("key", recordOf(1), NOTHING)).toEqual({ committed: true })
  })

  test("of a newer version is counted on from by who seals a token, which opens in no other generation", async () => {
    const { server, cache } = setUp()
    const newer = JSON.stringify({ evertoken: 9, version: { lineage: "l", generation: 7, id: "x" } })
    server.hashes.set("evertoken:{key}", new Map([["record", newer]]))
    const sealedFor = (generation: number) => ({
      ...recordOf(generation),
      token: undefined,
      sealed: { jwe: "a.b.c.d.e" },
    })
    const refused = { committed: false, current: undefined, floor: 7 }
    expect(await cache.commit("key", sealedFor(2), NOTHING)).toEqual(refused)
    expect(await cache.get("key")).toBeUndefined()
    expect(await cache.commit("key", sealedFor(8), NOTHING)).toEqual({ committed: true })
    expect(await cache.get("key")).toMatchObject({
      version: { generation: 8, id: "id-8" },
      sealed: { jwe: "a.b.c.d.e" },
    })
  })

  test("too large to be one is a miss, and none is written", async () => {
    const { server, cache } = setUp()
    server.hashes.set("evertoken:{key}", new Map([["record", `"${"x".repeat(8 * 1024 * 1024)}"`]]))
    expect(await cache.get("key")).toBeUndefined()
    const token = new Token({ accessToken: "x".repeat(8 * 1024 * 1024), issuedAt: 0, staleAt: 1, expiresAt: 2 })
    await expect(cache.commit("key", { ...recordOf(1), token }, NOTHING)).rejects.toMatchObject({ transient: false })
  })

  test("is not written above a number that nobody can have counted to", async () => {
    const { cache } = setUp()
    await expect(cache.commit("key", recordOf(2 ** 53 - 1), NOTHING)).rejects.toMatchObject({ transient: false })
  })

  test("without a usable offset is taken to be written by the clock of Redis", async () => {
    const { server, cache } = setUp()
    await cache.commit("key", recordOf(1), NOTHING)
    server.hashes.get("evertoken:{key}")?.set("writerOffsetMs", "much")
    expect(await cache.get("key")).toMatchObject({ token: { expiresAt: 60_000 } })
  })
})

describe("a claim", () => {
  const subject = { what: "subject", singleUse: true }

  test("whose taking was carried out and never answered is had by who asks again", async () => {
    const { server, client, cache } = setUp()
    const claim = cache.claim("key", subject)
    // as ioredis does, which sends once more what was not answered
    const evalsha = client.evalsha.bind(client)
    client.evalsha = async (...args) => {
      await evalsha(...args).catch(() => undefined)
      return evalsha(...args)
    }
    await claim.look()
    expect(await claim.take(1)).toBe(true)
    expect(await claim.take(1).catch(() => "once")).toBe("once")
    expect(server.hashes.get("evertoken:{key}:claim:subject")?.size).toBe(2)
  })

  test("of an owner that was killed is that of a dead one when its lease has run out, and not before", async () => {
    const { clock, cache, another } = setUp({ leaseMs: 10_000 })
    const owner = new VirtualClock()
    const mine = another({ clock: owner, leaseMs: 10_000 }).claim("key", subject)
    expect(await mine.take(1)).toBe(true) // its clock stands still from now on
    const theirs = cache.claim("key", subject)
    await clock.advance(9_999)
    expect(await theirs.look()).toMatchObject({ owner: "alive", othersAlive: true })
    await clock.advance(1)
    expect(await theirs.look()).toMatchObject({ owner: "gone", othersAlive: false })
    expect(await theirs.take(2)).toBe(true)
    expect(await mine.isHeld()).toBe(false)
  })

  test("whose owner lives is renewed for as long as it is taken", async () => {
    const { clock, cache, another } = setUp({ leaseMs: 10_000 })
    await cache.claim("key", subject).take(1)
    await clock.advance(3_600_000)
    expect(await another().claim("key", subject).look()).toMatchObject({ n: 1, owner: "alive" })
  })

  test("tells how long ago it was sent, and that nobody knows once the clock of the store was set back", async () => {
    const { clock, cache } = setUp()
    const claim = cache.claim("key", subject)
    await claim.take(1)
    await claim.markSent()
    await clock.advance(4_000)
    expect(await claim.look()).toMatchObject({ sentAgoMs: 4_000 })
    clock.stepWall(-4_500)
    expect(await claim.look()).toMatchObject({ sentAgoMs: 0 })
    clock.stepWall(-4_500)
    expect(await claim.look()).toMatchObject({ sentAgoMs: Infinity })
  })

  test("sees nothing in fields that somebody else has put there", async () => {
    const { server, cache } = setUp()
    server.hashes.set(
      "evertoken:{key}:claim:subject",
      new Map([
        ["owner:x", "somebody"],
        ["other", "1"],
      ]),
    )
    expect(await cache.claim("key", subject).look()).toMatchObject({ n: 0, owner: "none" })
  })
})

describe("how durable the server is", () => {
  const DEFAULTS = "maxmemory:0\nmaxmemory_policy:noeviction\naof_enabled:1\n"
  const commitTwice = async ({ cache }: { readonly cache: RedisTokenCache }) => {
    await cache.commit("key", recordOf(1), NOTHING)
    await cache.commit("key", recordOf(2), at(1))
    await new Promise(setImmediate)
    return failures.map(({ operation, detail }) => `${operation}: ${detail}`)
  }

  test("is told of once, if it may lose tokens", async () => {
    const world = setUp()
    world.server.info = "maxmemory:1000000\r\nmaxmemory_policy:allkeys-lru\r\naof_enabled:0\r\n"
    expect(await commitTwice(world)).toEqual([
      "check: maxmemory-policy is allkeys-lru: tokens or claims may be evicted. Set noeviction",
      "check: appendonly is no: a crash loses what was written last. Set appendonly yes",
    ])
  })

  test.each([
    ["set up well", DEFAULTS],
    ["without a limit, whatever its policy", DEFAULTS.replace("noeviction", "allkeys-lru")],
    ["not to be seen", undefined],
    ["something else's words", "something: else"],
  ])("is no event if it is %s", async (_how, info) => {
    const world = setUp()
    world.server.info = info
    expect(await commitTwice(world)).toEqual([])
  })

  test("is asked again if it could not be asked", async () => {
    const world = setUp()
    world.server.info = DEFAULTS.replace("aof_enabled:1", "aof_enabled:0")
    await world.cache.get("key")
    let scripts = 0
    world.server.serve = (run) => (++scripts === 2 ? Promise.reject(new Error("Connection is closed.")) : run())
    expect(await commitTwice(world)).toHaveLength(1)
  })
})

describe("waitReplicas", () => {
  const waitReplicas = { count: 2, timeoutMs: 100 }

  test("waits after each token, each sign-out and each mark", async () => {
    const { client, cache } = setUp({ waitReplicas })
    client.replicas = 2
    await cache.commit("key", recordOf(1), NOTHING)
    await cache.delete("key")
    const claim = cache.claim("key", { what: "subject", singleUse: true })
    await claim.take(1)
    await claim.markSent()
    expect(client.asked.filter((command) => command.startsWith("WAIT"))).toEqual(Array(3).fill("WAIT 2 100"))
    expect(failures).toEqual([])
  })

  test.each([
    ["too few have it", 1, "1 of 2 replicas have what was written: a failover now would lose it"],
    ["they cannot be asked", new Error("secret"), "redis: cannot wait for replicas: no answer that can be used"],
  ])("tells if %s, and the token is written all the same", async (_why, replicas, detail) => {
    const { client, cache } = setUp({ waitReplicas })
    client.replicas = replicas
    expect(await cache.commit("key", recordOf(1), NOTHING)).toEqual({ committed: true })
    expect(failures).toMatchObject([{ operation: "wait", key: "key", detail }])
  })

  test("works with node-redis, too", async () => {
    const { server } = setUp()
    const client = new FakeNodeRedis(server)
    client.replicas = 2
    await new RedisTokenCache(client, { waitReplicas }).commit("key", recordOf(1), NOTHING)
    expect(client.asked).toContain("WAIT 2 100")
  })

  test.each([
    ["a cluster", (client: FakeIoredis) => void (client.isCluster = true)],
    ["a client with several connections", (client: FakeIoredis) => void Object.assign(client, { call: undefined })],
  ])("is refused with %s, of which nobody can tell whose replicas are meant", (_name, change) => {
    const { client } = setUp()
    change(client)
    expect(() => new RedisTokenCache(client, { waitReplicas })).toThrow(TypeError)
  })
})

describe("what it is given", () => {
  test.each([
    ["undefined", undefined],
    ["a connection string", "redis://user:secret@host"],
    ["an object that is no client", { get: () => undefined }],
    ["a client with one method missing", Object.assign(new FakeNodeRedis(new FakeRedis()), { duplicate: undefined })],
  ])("is no client if it is %s: the error says what is", (_name, client) => {
    const create = () => void Reflect.construct(RedisTokenCache, [client])
    expect(create).toThrow(TypeError)
    expect(create).toThrow(/^client must be one of ioredis \(Redis, Cluster\) or node-redis \(createClient,/)
    expect(create).not.toThrow(/secret/)
  })

  test.each([
    ["prefix", { prefix: "" }],
    ["prefix", { prefix: "{tag}" }],
    ["prefix", { prefix: "two words" }],
    ["leaseMs", { leaseMs: 999 }],
    ["pollMs", { pollMs: 0 }],
    ["waitReplicas.count", { waitReplicas: { count: 0, timeoutMs: 1 } }],
    ["waitReplicas.timeoutMs", { waitReplicas: { count: 1, timeoutMs: 0 } }],
    ["waitReplicas.timeoutMs", { waitReplicas: { count: 1 } }],
    ["waitReplicas", { waitReplicas: { count: 1, timeoutMs: 1, replicas: 1 } }],
    ["waitReplicas", { waitReplicas: null }],
    ["clock", { clock: {} }],
    ["random", { random: 4 }],
    ["prefixes", { prefixes: "a" }],
  ])("is refused by name: %s in %j", (name, options) => {
    const { client } = setUp()
    const create = () => void Reflect.construct(RedisTokenCache, [client, options])
    expect(create).toThrow(TypeError)
    expect(create).toThrow(name)
  })

  test("is left as it is: a client is neither closed nor listened to", async () => {
    const { client, cache } = setUp()
    const before = Object.keys(client)
    await cache.commit("key", recordOf(1), NOTHING)
    cache.changes("key").subscribe().unsubscribe()
    await cache.close()
    expect(Object.keys(client)).toEqual(before)
    expect(await cache.get("key")).toBeDefined()
  })
})
