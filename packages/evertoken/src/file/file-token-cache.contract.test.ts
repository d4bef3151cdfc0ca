import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, test } from "vitest"
import { tokenCacheContract, type TokenCacheUnderTest } from "../testing/token-cache-contract.js"
import { FileTokenCache, type FileTokenCacheTarget } from "./file-token-cache.js"

describe("FileTokenCache with one file keeps the contract of a token cache", () => {
  tokenCacheContract({
    test,
    durable: true,
    severalKeys: false,
    create: () => openTwice((directory) => join(directory, "token.json")),
  })
})

describe("FileTokenCache with a directory keeps the contract of a token cache", () => {
  tokenCacheContract({
    test,
    durable: true,
    create: () => openTwice((directory) => ({ directory: join(directory, "tokens") })),
  })
})

async function openTwice(targetIn: (directory: string) => FileTokenCacheTarget): Promise<TokenCacheUnderTest> {
  const directory = await mkdtemp(join(tmpdir(), "evertoken-"))
  const opened: FileTokenCache[] = []
  const open = () => {
    const cache = new FileTokenCache(targetIn(directory))
    opened.push(cache)
    return cache
  }
  const close = () => Promise.all(opened.map((cache) => cache.close()))
  return {
    cache: open(),
    peer: open(),
    reopen: async () => {
      await close()
      return open()
    },
    dispose: async () => {
      await close()
      await rm(directory, { recursive: true })
    },
  }
}
