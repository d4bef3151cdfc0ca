import { encryptedStore } from "./encrypted-store.js"
import { fileStore } from "./file-store.js"
import { memoryStore } from "./memory-store.js"
import { providePostgres } from "../../servers/postgres-server.js"
import { provideRedis } from "../../servers/redis-server.js"
import { postgresStore } from "./postgres-store.js"
import { redisStore } from "./redis-store.js"
import { rowStore } from "./row-store.js"
import type { StoreUnderTest } from "./store-under-test.js"

/** Every kind of store that the suite is played against. A new one is one line here. */
export const STORES: readonly StoreUnderTest[] = [
  memoryStore,
  encryptedStore(memoryStore),
  fileStore,
  rowStore,
  encryptedStore(rowStore),
  ...onServer(providePostgres(), postgresStore),
  ...onServer(provideRedis(), redisStore),
]

function onServer(programs: string | undefined, store: (programs: string) => StoreUnderTest) {
  return programs === undefined ? [] : [store(programs)]
}
