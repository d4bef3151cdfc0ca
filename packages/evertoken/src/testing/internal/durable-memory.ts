import { MemoryTokenCache } from "../../memory-token-cache.js"

/** A memory cache that says it outlives the process: it can be an authority. */
export class DurableMemory extends MemoryTokenCache {
  override readonly durable = true
}
