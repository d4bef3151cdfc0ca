import { tokenCacheContract } from "evertoken/testing"
import { afterAll, beforeAll, describe, test } from "vitest"
import { RedisCluster } from "../servers/redis-cluster.js"
import { RedisSentinel } from "../servers/redis-sentinel.js"
import { provideRedis, RedisServer } from "../servers/redis-server.js"
import { CLIENTS, CLUSTER_CLIENTS, SENTINEL_CLIENTS, sharing } from "./redis-clients.js"
import { openStore } from "./redis-store.js"

const program = provideRedis()
const promises = { test, durable: true, clockToleranceMs: 5 }

describe.skipIf(program === undefined)("RedisTokenCache keeps the contract of a token cache", () => {
  describe("on a server", () => {
    let server: RedisServer
    beforeAll(async () => void (server = await RedisServer.start(program ?? "")))
    afterAll(() => server[Symbol.asyncDispose]())
    const restart = async () => {
      await server.kill()
      await server.start()
    }

    describe.each(Object.entries(CLIENTS))("with %s", (_name, open) => {
      tokenCacheContract({ ...promises, create: () => openStore(() => open(server.url), { restart }) })
    })
  })

  describe("on a cluster", () => {
    let cluster: RedisCluster
    beforeAll(async () => void (cluster = await RedisCluster.start(program ?? "")))
    afterAll(() => cluster[Symbol.asyncDispose]())

    describe.each(Object.entries(CLUSTER_CLIENTS))("with %s", (_name, open) => {
      const clients = sharing(() => open(cluster.nodes.map(({ port }) => port)))
      afterAll(() => clients.close())
      tokenCacheContract({ ...promises, create: () => openStore(() => clients.open()) })
    })
  })

  describe("on servers that a sentinel names", () => {
    let servers: RedisSentinel
    beforeAll(async () => void (servers = await RedisSentinel.start(program ?? "")))
    afterAll(() => servers[Symbol.asyncDispose]())

    describe.each(Object.entries(SENTINEL_CLIENTS))("with %s", (_name, open) => {
      const clients = sharing(() => open(servers.name, servers.sentinel.port))
      afterAll(() => clients.close())
      tokenCacheContract({ ...promises, create: () => openStore(() => clients.open()) })
    })
  })
})
