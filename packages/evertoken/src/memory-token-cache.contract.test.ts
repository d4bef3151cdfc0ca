import { describe, test } from "vitest"
import { MemoryTokenCache } from "./memory-token-cache.js"
import { tokenCacheContract } from "./testing/token-cache-contract.js"

describe("MemoryTokenCache keeps the contract of a token cache", () => {
  tokenCacheContract({
    test,
    durable: false,
    create: async () => {
      const cache = new MemoryTokenCache()
      return { cache, peer: cache }
    },
  })
})
