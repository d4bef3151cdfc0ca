import { planRenewal } from "../renewal-plan.js"
import type { Claim, StoredToken, TokenCache } from "../token-cache.js"

/** The claim that a renewal of this record would take. Undefined: the cache has none. */
export function renewalClaim(cache: TokenCache, key: string, record: StoredToken): Claim | undefined {
  const { fingerprint } = record
  const { subject } = planRenewal({ fingerprint, lineage: undefined, singleUse: true }, record, undefined)
  return cache.claim?.(key, subject)
}

/**
 * Writes while nobody renews: the successor of what is replaced would be refused, and a rotated refresh token lost with
 * it. Whoever has claimed goes first, one that died with its outcome unknown, too.
 * @returns false if it was not to be, and nothing was written.
 */
export async function writeUnclaimed(claim: Claim, write: () => Promise<boolean>): Promise<boolean> {
  const { n } = await claim.look()
  if (n > 0) return false
  try {
    return (await claim.take(1)) && (await claim.isHeld()) && (await write())
  } finally {
    await claim.release("own").catch(() => claim.abandon())
  }
}
