import type { IoredisClient, NodeRedisClient } from "evertoken/redis"
import { Redis } from "ioredis"
import { Redis as Redis5 } from "ioredis5"
import { createClient } from "redis"
import { createClient as createClient5 } from "redis5"

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

function ended(client: Redis | Redis5): OpenClient {
  client.on("error", () => undefined)
  return { client, close: () => client.disconnect() }
}

async function connected(
  client: ReturnType<typeof createClient> | ReturnType<typeof createClient5>,
): Promise<OpenClient> {
  client.on("error", () => undefined)
  await client.connect()
  return { client, close: () => void client.destroy() }
}
