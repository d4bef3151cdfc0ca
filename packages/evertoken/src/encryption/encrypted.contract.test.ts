import { randomBytes } from "node:crypto"
import { describe, test } from "vitest"
import { MemoryTokenCache } from "../memory-token-cache.js"
import { tokenCacheContract } from "../testing/token-cache-contract.js"
import { encrypted } from "./encrypted.js"
import { EncryptionKey } from "./encryption-key.js"
import { Keyring } from "./keyring.js"

const [old, current] = [EncryptionKey.from(randomBytes(32)), EncryptionKey.from(randomBytes(32))]

describe("an encrypted cache keeps the contract of a token cache", () => {
  tokenCacheContract({
    test,
    durable: false,
    create: async () => {
      const memory = new MemoryTokenCache()
      // each of them writes with another key
      const cache = encrypted(memory, new Keyring([old, current]))
      return { cache, peer: encrypted(memory, new Keyring([current, old])) }
    },
  })
})

describe("an encrypted cache within another one keeps the contract, too", () => {
  tokenCacheContract({
    test,
    durable: false,
    create: async () => {
      const cache = encrypted(encrypted(new MemoryTokenCache(), new Keyring([old])), new Keyring([current]))
      return { cache, peer: cache }
    },
  })
})
