import { describe, expect, test } from "vitest"
import { FakeIoredis } from "../testing/internal/fake-redis-client.js"
import { FakeRedis } from "../testing/internal/fake-redis.js"
import { VirtualClock } from "../testing/virtual-clock.js"
import type { StoredToken } from "../token-cache.js"
import { Token } from "../token.js"
import { IoredisConnection } from "./ioredis-connection.js"
import { RedisRecord } from "./redis-record.js"
import { ScriptRunner } from "./script-runner.js"

const HOUR = 3_600_000
const MINUTE = 60_000

/** Hosts whose clocks are ahead of that of Redis by as much as it says. */
function hostsAheadBy(...aheadMs: readonly number[]) {
  const server = new FakeRedis()
  const redis = new VirtualClock()
  server.now = () => redis.now()
  const hosts = aheadMs.map((ahead) => {
    const clock = new VirtualClock({ now: redis.now() + ahead })
    const connection = new IoredisConnection(new FakeIoredis(server))
    const runner = new ScriptRunner({ connection, clock, replacesServerClock: false })
    return { clock, record: new RedisRecord({ redisKey: "key", runner, report: () => {} }) }
  })
  const advance = async (ms: number) => {
    for (const clock of [redis, ...hosts.map((host) => host.clock)]) await clock.advance(ms)
  }
  return { server, hosts, advance }
}

function issuedBy(clock: VirtualClock): StoredToken {
  const issuedAt = clock.now()
  const token = new Token({
    accessToken: "access",
    issuedAt,
    staleAt: issuedAt + HOUR / 2,
    expiresAt: issuedAt + HOUR,
    refreshToken: "refresh",
    refreshTokenExpiresAt: issuedAt + 2 * HOUR,
  })
  return { version: { lineage: "lineage", generation: 1, id: "id" }, token, lineages: [] }
}

describe("hosts whose clocks differ", () => {
  test("see the same token for as long, each by its own clock", async () => {
    const { hosts, advance } = hostsAheadBy(-10 * MINUTE, 10 * MINUTE)
    const [behind, ahead] = hosts
    if (!behind || !ahead) throw new Error("there are two")
    await behind.record.commit(issuedBy(behind.clock), undefined)
    await advance(MINUTE)
    const { token } = (await ahead.record.get()) ?? {}
    const now = ahead.clock.now()
    expect(token).toMatchObject({
      issuedAt: now - MINUTE,
      staleAt: now - MINUTE + HOUR / 2,
      expiresAt: now - MINUTE + HOUR,
      refreshTokenExpiresAt: now - MINUTE + 2 * HOUR,
    })
    const own = (await behind.record.get())?.token
    expect(own?.issuedAt).toBe(behind.clock.now() - MINUTE)
  })

  test("are told of by how much a sealed token is to be shifted", async () => {
    const { hosts } = hostsAheadBy(-10 * MINUTE, 10 * MINUTE)
    const [behind, ahead] = hosts
    const version = { lineage: "lineage", generation: 1, id: "id" }
    await behind?.record.commit({ version, sealed: { jwe: "a.b.c.d.e" }, lineages: [] }, undefined)
    expect(await ahead?.record.get()).toMatchObject({ sealed: { jwe: "a.b.c.d.e", shiftMs: 20 * MINUTE } })
  })

  test("do not seem to differ more because a write was carried out late", async () => {
    const { server, hosts, advance } = hostsAheadBy(0, 0)
    const [writer, reader] = hosts
    if (!writer || !reader) throw new Error("there are two")
    await writer.record.get()
    let execute = () => {}
    server.serve = (run) => new Promise((resolve) => (execute = () => resolve(run())))
    const record = issuedBy(writer.clock)
    const writing = writer.record.commit(record, undefined)
    await advance(10 * MINUTE)
    server.serve = (run) => run()
    execute()
    await writing
    expect((await reader.record.get())?.token?.expiresAt).toBe(record.token?.expiresAt)
  })
})

test("a record that changes with every look is not waited for for ever", async () => {
  const { server, hosts } = hostsAheadBy(0)
  const [host] = hosts
  let changes = 0
  server.serve = (run) => {
    server.hashes.set("key", new Map([["record", `torn ${++changes}`]]))
    return run()
  }
  if (!host) throw new Error("there is one")
  await expect(host.record.commit(issuedBy(host.clock), undefined)).rejects.toThrow("key changes faster than it can be")
  await expect(host.record.delete()).rejects.toThrow("key changes faster than it can be written")
})
