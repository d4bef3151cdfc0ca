import { describe, test } from "vitest"
import { FakeIoredis, FakeNodeRedis } from "../testing/internal/fake-redis-client.js"
import { FakeRedis } from "../testing/internal/fake-redis.js"
import { tokenCacheContract } from "../testing/token-cache-contract.js"
import { RedisTokenCache } from "./redis-token-cache.js"

const CLIENTS = { ioredis: FakeIoredis, "node-redis": FakeNodeRedis }

describe.each(Object.entries(CLIENTS))("RedisTokenCache over %s on a server that is none", (_name, Client) => {
  tokenCacheContract({
    test,
    durable: true,
    create: async () => {
      const server = new FakeRedis()
      const open = () => new RedisTokenCache(new Client(server))
      return {
        cache: open(),
        peer: open(),
        reopen: async () => {
          server.restart()
          return open()
        },
      }
    },
  })
})
