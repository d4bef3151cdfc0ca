import { CachedTokenSource, type TokenCache } from "evertoken"
import type { RotatingSource } from "./rotating-source.js"

export const KEY = "alice"

/** Two processes on one store renew by turns, and one of them signs out in the end. */
export async function renewByTurns(source: RotatingSource, open: () => TokenCache, rounds = 10): Promise<void> {
  const caches = [open(), open()]
  const processes = caches.map((cache) => new CachedTokenSource(source, { key: KEY, caches: [cache] }))
  for (let round = 0; round < rounds; round++) {
    for (const each of processes) await each.getToken({ newerThan: await each.getToken() })
  }
  await processes[0]?.signOut()
  for (const each of processes) await each.close()
  for (const cache of caches) await cache.close?.()
}
