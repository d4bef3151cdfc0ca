import type { IoredisClient, NodeRedisClient } from "evertoken/redis"
import { Cluster, Redis } from "ioredis"
import { Cluster as Cluster5, Redis as Redis5 } from "ioredis5"
import { createClient, createCluster, createSentinel } from "redis"
import { createClient as createClient5, createCluster as createCluster5 } from "redis5"

/** A client as an application has it, and what ends it. */
export interface OpenClient {
  readonly client: IoredisClient | NodeRedisClient
  close(): void
}

/** Each kind of client for a single server. */
export const CLIENTS: Readonly<Record<string, (url: string) => Promise<OpenClient>>> = {
  "ioredis 6": async (url) => ended(new Redis(url)),
  "ioredis 5": async (url) => ended(new Redis5(url)),
  "ioredis 6 with a key prefix and numbers as texts": async (url) =>
    ended(new Redis(url, { keyPrefix: "tenant:", stringNumbers: true, enableAutoPipelining: true })),
  "node-redis 6": async (url) => connected(createClient({ url })),
  "node-redis 5": async (url) => connected(createClient5({ url })),
}

/** Each kind of client for a cluster. */
export const CLUSTER_CLIENTS: Readonly<Record<string, (ports: readonly number[]) => Promise<OpenClient>>> = {
  "ioredis 6": async (ports) => ended(new Cluster(ports.map((port) => ({ host: HOST, port })))),
  "ioredis 5": async (ports) => ended(new Cluster5(ports.map((port) => ({ host: HOST, port })))),
  "node-redis 6": async (ports) => connected(createCluster({ rootNodes: ports.map(rootNode) })),
  "node-redis 5": async (ports) => connected(createCluster5({ rootNodes: ports.map(rootNode) })),
}

/** Each kind of client for servers that a sentinel names. */
export const SENTINEL_CLIENTS: Readonly<Record<string, (name: string, port: number) => Promise<OpenClient>>> = {
  "ioredis 6": async (name, port) => ended(new Redis({ sentinels: [{ host: HOST, port }], name })),
  "ioredis 5": async (name, port) => ended(new Redis5({ sentinels: [{ host: HOST, port }], name })),
  "node-redis 6": async (name, port) => connected(createSentinel({ name, sentinelRootNodes: [{ host: HOST, port }] })),
}

const HOST = "127.0.0.1"

function rootNode(port: number) {
  return { url: `redis://${HOST}:${port}` }
}

function ended(client: IoredisClient & Disconnectable): OpenClient {
  client.on("error", () => undefined)
  return { client, close: () => client.disconnect() }
}

async function connected(client: NodeRedisClient & Destroyable): Promise<OpenClient> {
  client.on("error", () => undefined)
  await client.connect()
  return { client, close: () => void client.destroy() }
}

/** Opens two clients in turn, each once: some take long to connect. */
export function sharing(open: () => Promise<OpenClient>): { open(): Promise<OpenClient>; close(): Promise<void> } {
  const opened: Promise<OpenClient>[] = []
  let turn = 0
  return {
    async open() {
      const { client } = await (opened[++turn % 2] ??= open())
      return { client, close: () => undefined }
    },
    async close() {
      for (const each of await Promise.all(opened)) each.close()
    },
  }
}

interface Disconnectable {
  on(event: "error", listener: () => void): unknown
  disconnect(): void
}

interface Destroyable {
  on(event: "error", listener: () => void): unknown
  connect(): Promise<unknown>
  destroy(): unknown
}
