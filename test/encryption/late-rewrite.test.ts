import { randomBytes } from "node:crypto"
import { CachedTokenSource } from "evertoken"
import { encrypted, EncryptionKey, keyIdOf, Keyring } from "evertoken/encryption"
import { RedisTokenCache } from "evertoken/redis"
import { Redis } from "ioredis"
import { describe, expect, test } from "vitest"
import { provideRedis, RedisServer } from "../servers/redis-server.js"
import { TcpProxy } from "../servers/tcp-proxy.js"
import { RotatingSource } from "./rotating-source.js"

const KEY = "key"
const program = provideRedis()

describe.skipIf(program === undefined)("on a real Redis", () => {
  test("a token encrypted anew by a process that was held up for longer than its lease costs no refresh token", async () => {
    await using server = await RedisServer.start(program ?? "")
    await using proxy = await TcpProxy.start(server.port)
    const [heldUp, direct] = [new Redis({ host: "127.0.0.1", port: proxy.port }), new Redis(server.url)]
    const [old, next] = [EncryptionKey.from(randomBytes(32)), EncryptionKey.from(randomBytes(32))]
    const leaseMs = 1_000
    const store = new RedisTokenCache(direct, { leaseMs })
    const issuer = new RotatingSource("alice")
    const source = new CachedTokenSource(issuer, {
      key: KEY,
      caches: [encrypted(store, new Keyring([old, next]))],
      minimumIntervalMs: 0,
    })
    const first = await source.getToken()

    const late = new RedisTokenCache(heldUp, { leaseMs })
    const commit = late.commit.bind(late)
    const rewriting = await new Promise<{ readonly done: Promise<boolean> }>((resolve) => {
      const done = encrypted(late, new Keyring([next, old])).reencrypt(KEY)
      late.commit = (...args) => {
        proxy.hang()
        resolve({ done })
        return commit(...args)
      }
    })
    const keys: (string | undefined)[] = []
    issuer.during = async () => {
      issuer.during = undefined
      proxy.heal()
      expect(await rewriting.done).toBe(true)
      const record = await store.get(KEY)
      keys.push(record && keyIdOf(record))
    }
    const second = await source.getToken({ newerThan: first })
    const third = await source.getToken({ newerThan: second })

    expect(keys).toEqual([next.id])
    expect(new Set([first, second, third].map(({ accessToken }) => accessToken)).size).toBe(3)
    expect(issuer.refused).toBe(0)
    expect((await store.get(KEY))?.version.generation).toBe(4)
    await source.close()
    for (const client of [heldUp, direct]) client.disconnect()
  })
})
