import { describe, test } from "vitest"
import { MemoryRows } from "../testing/internal/memory-rows.js"
import { tokenCacheContract } from "../testing/token-cache-contract.js"
import { RowTokenCache } from "./row-token-cache.js"

describe("RowTokenCache keeps the contract of a token cache", () => {
  tokenCacheContract({
    test,
    durable: true,
    create: async () => {
      const rows = new MemoryRows()
      const open = () => new RowTokenCache(rows, { pollMs: 10 })
      return { cache: open(), peer: open(), reopen: async () => open() }
    },
  })
})
