import { shownValue } from "../shown-value.js"
import { IoredisConnection, isIoredis } from "./ioredis-connection.js"
import { isNodeRedis, NodeRedisConnection } from "./node-redis-connection.js"
import type { RedisConnection } from "./redis-connection.js"

/** A client of ioredis: `Redis`, on its own or by Sentinel, or `Cluster`. */
export interface IoredisClient {
  evalsha(sha: string, keys: number, ...args: string[]): Promise<unknown>
  duplicate(): object
}

/** A client of node-redis: `createClient`, `createCluster`, or `createSentinel` of version 6. */
export interface NodeRedisClient {
  evalSha(sha: string, options: { readonly keys: string[]; readonly arguments: string[] }): Promise<unknown>
  duplicate(): object
}

/** @throws TypeError unless it is a client that can be used. */
export function connectionOf(client: unknown): RedisConnection {
  if (isIoredis(client)) return new IoredisConnection(client)
  if (isNodeRedis(client)) return new NodeRedisConnection(client)
  throw new TypeError(
    `client must be one of ioredis (Redis, Cluster) or node-redis (createClient, createCluster, createSentinel of version 6); got ${shownValue(client)}`,
  )
}
