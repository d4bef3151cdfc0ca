import { randomBytes } from "node:crypto"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { encrypted, EncryptionKey, Keyring } from "evertoken/encryption"
import { FileTokenCache, type FileTokenCacheTarget } from "evertoken/file"
import { tokenCacheContract, type TokenCacheUnderTest } from "evertoken/testing"
import { describe, test } from "vitest"

const keys = [EncryptionKey.from(randomBytes(32)), EncryptionKey.from(randomBytes(32))]

describe("FileTokenCache with one file, encrypted, keeps the contract of a token cache", () => {
  tokenCacheContract({
    test,
    durable: true,
    severalKeys: false,
    create: () => openTwice((directory) => join(directory, "token.json")),
  })
})

describe("FileTokenCache with a directory, encrypted, keeps the contract of a token cache", () => {
  tokenCacheContract({ test, durable: true, create: () => openTwice((directory) => ({ directory })) })
})

async function openTwice(targetIn: (directory: string) => FileTokenCacheTarget): Promise<TokenCacheUnderTest> {
  const directory = await mkdtemp(join(tmpdir(), "evertoken-"))
  const open = () => encrypted(new FileTokenCache(targetIn(directory)), new Keyring(keys))
  let opened = [open(), open()] as const
  const close = () => Promise.all(opened.map((cache) => cache.close()))
  return {
    cache: opened[0],
    peer: opened[1],
    reopen: async () => {
      await close()
      opened = [open(), open()]
      return opened[0]
    },
    dispose: async () => {
      await close()
      await rm(directory, { recursive: true })
    },
  }
}
