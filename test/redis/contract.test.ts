import { RedisTokenCache } from "evertoken/redis"
import { tokenCacheContract } from "evertoken/testing"
import { afterAll, beforeAll, describe, test } from "vitest"
import { provideRedis, RedisServer } from "../servers/redis-server.js"
import { CLIENTS, type OpenClient } from "./redis-clients.js"

const program = provideRedis()

describe.skipIf(program === undefined)("RedisTokenCache on a real server", () => {
  let server: RedisServer
  let stores = 0
  beforeAll(async () => void (server = await RedisServer.start(program ?? "")))
  afterAll(() => server[Symbol.asyncDispose]())

  describe.each(Object.entries(CLIENTS))("with %s", (_name, open) => {
    tokenCacheContract({
      test: (name, run) => test(name, run),
      durable: true,
      clockToleranceMs: 5,
      create: async () => {
        const prefix = `store-${++stores}`
        const opened: (OpenClient & { readonly cache: RedisTokenCache })[] = []
        const connect = async () => {
          const client = await open(server.url)
          const cache = new RedisTokenCache(client.client, { prefix })
          opened.push({ ...client, cache })
          return cache
        }
        const dispose = async () => {
          for (const { cache, close } of opened.splice(0)) {
            await cache.close()
            close()
          }
        }
        const reopen = async () => {
          await dispose()
          await server.kill()
          await server.start()
          return connect()
        }
        return { cache: await connect(), peer: await connect(), reopen, dispose }
      },
    })
  })
})
