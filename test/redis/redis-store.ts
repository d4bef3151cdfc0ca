import { RedisTokenCache, type RedisTokenCacheOptions } from "evertoken/redis"
import type { TokenCacheUnderTest } from "evertoken/testing"
import type { OpenClient } from "./redis-clients.js"

let stores = 0

/** An empty store on a server, opened twice; `restart` is what happens before it is opened again. */
export async function openStore(
  open: () => Promise<OpenClient>,
  { restart, ...options }: RedisTokenCacheOptions & { readonly restart?: () => Promise<void> } = {},
): Promise<TokenCacheUnderTest> {
  const prefix = `store-${process.pid}-${++stores}`
  const opened: (OpenClient & { readonly cache: RedisTokenCache })[] = []
  const connect = async () => {
    const client = await open()
    const cache = new RedisTokenCache(client.client, { prefix, ...options })
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
    await restart?.()
    return connect()
  }
  return { cache: await connect(), peer: await connect(), reopen, dispose }
}
