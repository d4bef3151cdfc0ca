import { afterEach, describe, expect, test } from "vitest"
import { onTokenEvent, type TokenEvents } from "../events.js"
import { FakeIoredis, FakeNodeRedis, type FakeListener } from "../testing/internal/fake-redis-client.js"
import { FakeRedis } from "../testing/internal/fake-redis.js"
import { VirtualClock } from "../testing/virtual-clock.js"
import type { StoredToken } from "../token-cache.js"
import { RedisTokenCache } from "./redis-token-cache.js"

const POLL_MS = 5_000

const failures: TokenEvents["cache-failed"][] = []
let stopListening = () => {}
afterEach(() => stopListening())

const markOf = (generation: number): StoredToken => ({
  version: { lineage: "lineage", generation, id: `id-${generation}` },
  lineages: [],
})

describe.each([
  ["ioredis", FakeIoredis],
  ["node-redis", FakeNodeRedis],
])("changes() over %s", (_name, Client) => {
  function setUp() {
    failures.length = 0
    stopListening = onTokenEvent("cache-failed", (event) => failures.push(event))
    const clock = new VirtualClock()
    const server = new FakeRedis()
    const client = new Client(server)
    const cache = new RedisTokenCache(client, { clock, pollMs: POLL_MS })
    const writer = new RedisTokenCache(new Client(server), { clock })
    let generation = 0
    const write = async (key = "key") => {
      const expected = generation === 0 ? undefined : markOf(generation).version
      expect(await writer.commit(key, markOf(++generation), { expected })).toEqual({ committed: true })
      await clock.advance(0)
    }
    const watch = (key = "key") => {
      let told = 0
      const subscription = cache.changes(key).subscribe(() => told++)
      return { told: () => told, stop: () => subscription.unsubscribe() }
    }
    const settled = () => clock.advance(0)
    return { clock, server, client, cache, write, watch, settled, listener: () => client.duplicates.at(-1) }
  }

  test("tells at once, and once, of each write", async () => {
    const { clock, write, watch, settled } = setUp()
    const watched = watch()
    await settled()
    for (let writes = 1; writes <= 3; writes++) {
      await write()
      expect(watched.told()).toBe(writes)
    }
    await clock.advance(10 * POLL_MS)
    expect(watched.told()).toBe(3)
  })

  test("tells of what is there already, unless the subscriber has seen it", async () => {
    const { cache, write, watch, settled } = setUp()
    await write()
    const first = watch()
    await settled()
    expect(first.told()).toBe(1)
    await cache.get("key")
    const second = watch()
    await settled()
    expect(second.told()).toBe(0)
  })

  test("shares one more connection between all who subscribe, and closes it when the last one leaves", async () => {
    const { server, client, watch, settled } = setUp()
    const watched = [watch("a"), watch("a"), watch("b")]
    await settled()
    expect(client.duplicates).toHaveLength(1)
    expect([...(client.duplicates[0]?.channels.keys() ?? [])]).toEqual(["evertoken:{a}", "evertoken:{b}"])
    watched.slice(0, 2).forEach(({ stop }) => stop())
    await settled()
    expect([...(client.duplicates[0]?.channels.keys() ?? [])]).toEqual(["evertoken:{b}"])
    watched[2]?.stop()
    expect(server.listeners.size).toBe(0)
  })

  test("keeps no process alive, and its connection's errors to itself", async () => {
    const { clock, watch, listener, settled } = setUp()
    watch()
    await settled()
    expect(clock.refTimers).toBe(0)
    expect(listener()?.unrefs).toBe(1)
    expect(listener()?.emit("error", new Error("down"))).toBe(true)
  })

  test("looks by itself, at most pollMs later, if nothing is told", async () => {
    const { clock, server, write, watch, settled } = setUp()
    const watched = watch()
    await settled()
    server.listeners.clear()
    await write()
    expect(watched.told()).toBe(0)
    await clock.advance(POLL_MS)
    expect(watched.told()).toBe(1)
  })

  test("looks once it is connected again", async () => {
    const { server, write, watch, settled } = setUp()
    const watched = watch()
    await settled()
    const listeners = [...server.listeners]
    server.listeners.clear()
    await write()
    for (const listener of listeners) server.listeners.add(listener)
    expect(watched.told()).toBe(0)
    server.restart()
    await settled()
    expect(watched.told()).toBe(1)
  })

  test("opens another connection when the one it had has given up", async () => {
    const { clock, client, write, watch, listener, settled } = setUp()
    const watched = watch()
    await settled()
    listener()?.giveUp()
    await clock.advance(POLL_MS)
    expect(client.duplicates).toHaveLength(2)
    await write()
    expect(watched.told()).toBe(1)
  })

  test("goes on polling where it may not subscribe, says so once, and subscribes when it may", async () => {
    const { clock, client, write, watch, settled } = setUp()
    client.refusal = new Error("NOPERM this user has no permissions to access the 'secret' channel")
    const [watched, other] = [watch(), watch("other")]
    await settled()
    await write()
    await clock.advance(POLL_MS)
    expect([watched.told(), other.told()]).toEqual([1, 0])
    expect(failures.map(({ operation, detail }) => [operation, detail])).toEqual([
      ["subscribe", expect.stringContaining("NOPERM, its user is not permitted to do this")],
    ])
    client.refusal = undefined
    await clock.advance(POLL_MS)
    await write()
    expect(watched.told()).toBe(2)
  })

  test("goes on polling with a client that cannot be duplicated", async () => {
    const { clock, client, write, watch, settled } = setUp()
    client.duplicate = () => ({})
    const watched = watch()
    await settled()
    await write()
    await clock.advance(POLL_MS)
    expect(watched.told()).toBe(1)
    expect(failures).toMatchObject([{ operation: "subscribe" }])
  })

  test("is silent, and does not fail, while the store is down", async () => {
    const { clock, server, write, watch, settled } = setUp()
    const watched = watch()
    await settled()
    server.serve = () => Promise.reject(new Error("Connection is closed."))
    await clock.advance(10 * POLL_MS)
    expect(watched.told()).toBe(0)
    server.serve = (run) => run()
    await write()
    expect(watched.told()).toBe(1)
  })

  test("takes what is told while it looks for what is newer", async () => {
    const { clock, server, watch, settled } = setUp()
    const watched = watch()
    await settled()
    let answer = () => {}
    server.serve = (run) => {
      const outdated = run()
      return new Promise((resolve) => (answer = () => resolve(outdated)))
    }
    await clock.advance(POLL_MS)
    for (const listener of server.listeners) listener.hear("evertoken:{key}", "a digest")
    answer()
    await settled()
    expect(watched.told()).toBe(1)
  })

  test("is over once the cache is closed, and so is its connection", async () => {
    const { server, clock, cache, watch, settled } = setUp()
    let isOver = false
    cache.changes("key").subscribe({ complete: () => (isOver = true) })
    await settled()
    await cache.close()
    expect(isOver).toBe(true)
    expect(server.listeners.size).toBe(0)
    expect(clock.pendingTimers).toBe(0)
    watch()
    expect(server.listeners.size).toBe(0)
  })
})

const listeners = (client: FakeIoredis): readonly FakeListener[] => client.duplicates

test("the connection of ioredis waits for its server for as long as it takes", async () => {
  const client = new FakeIoredis(new FakeRedis())
  const cache = new RedisTokenCache(client, { clock: new VirtualClock() })
  cache.changes("key").subscribe()
  expect(listeners(client)[0]?.overrides).toEqual([
    { lazyConnect: false, enableOfflineQueue: true, maxRetriesPerRequest: null, autoResubscribe: true },
  ])
  await cache.close()
})

test("a cluster of ioredis listens as it is", async () => {
  const client = new FakeIoredis(new FakeRedis())
  client.isCluster = true
  const cache = new RedisTokenCache(client, { clock: new VirtualClock() })
  cache.changes("key").subscribe()
  expect(listeners(client)[0]?.overrides).toEqual([])
  await cache.close()
})
