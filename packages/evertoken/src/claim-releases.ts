import type { Claim } from "./token-cache.js"

/**
 * Gives claims back. One that cannot be removed would block every process, this one too, for as long as this one lives:
 * it is tried again, and left to others as that of a dead owner at the end. The cache has reported why.
 */
export class ClaimReleases {
  readonly #pending = new Set<Claim>()

  /** Whether a claim is still to be removed. */
  get pending(): boolean {
    return this.#pending.size > 0
  }

  /** Never rejects. */
  async release(claim: Claim | undefined, extent: "own" | "all"): Promise<void> {
    if (claim === undefined) return
    try {
      await claim.release(extent)
      this.#pending.delete(claim)
    } catch {
      this.#pending.add(claim)
    }
  }

  /** Only its own claims: by now another process may have taken the next one. Never rejects. */
  async retry(): Promise<void> {
    for (const claim of this.#pending) await this.release(claim, "own")
  }

  /** Never rejects. */
  async abandon(): Promise<void> {
    for (const claim of this.#pending) await claim.abandon().catch(() => undefined)
    this.#pending.clear()
  }
}
