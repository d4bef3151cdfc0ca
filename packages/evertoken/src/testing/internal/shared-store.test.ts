import { describe, test } from "vitest"
import { systemClock } from "../../clock.js"
import { tokenCacheContract } from "../token-cache-contract.js"
import { SharedStore } from "./shared-store.js"

describe("the store of the simulation keeps the contract of a token cache", () => {
  tokenCacheContract({
    test,
    durable: true,
    create: async () => {
      const store = new SharedStore(systemClock)
      return { cache: store.open(), peer: store.open(), reopen: async () => store.open() }
    },
  })
})
