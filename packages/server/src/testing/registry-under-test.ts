import { MemoryTokenCache, type TokenCache } from "evertoken"
import { seededRandom, VirtualClock } from "evertoken/testing"
import { configFields } from "../config/config-fields.js"
import { tokenConfig, type TokenConfig } from "../config/token-config.js"
import { TokenRegistry } from "../tokens/token-registry.js"

/** As durable as a test needs it. */
class DurableMemory extends MemoryTokenCache {
  override readonly durable = true
}

/** A registry whose stores are in memory, on a clock that is turned by hand. */
export function registryUnderTest(): { registry: TokenRegistry; clock: VirtualClock; cache: TokenCache } {
  const clock = new VirtualClock()
  const cache = new DurableMemory({ clock })
  const open = async () => ({ name: "memory", isEncrypted: false, caches: [cache] as const })
  const registry = new TokenRegistry({ stores: { open }, clock, random: seededRandom(1) })
  return { registry, clock, cache }
}

const fields = configFields({ resolvePath: (path) => path, allowLiteralSecrets: false, storeNames: [] })

/** The configuration of a token of `issuer`; a client that needs no secret. */
export function configOf(issuer: string, others: object = {}): TokenConfig {
  return tokenConfig(fields).parse({
    grant: "refresh_token",
    issuer,
    client: { id: "app", authentication: "none" },
    ...others,
  })
}
