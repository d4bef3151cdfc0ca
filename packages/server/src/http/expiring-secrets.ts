import { createHash, randomBytes } from "node:crypto"
import type { Clock } from "evertoken"

export interface ExpiringSecretsOptions {
  readonly clock: Clock
  readonly lifetimeMs: number
  /** So many live at a time; the oldest makes room. */
  readonly most: number
}

/** Random secrets that were given out, each valid for a time. Only their hashes are kept. */
export class ExpiringSecrets {
  readonly #options: ExpiringSecretsOptions
  // in the order of their ends, since all live equally long
  readonly #ends = new Map<string, number>()

  constructor(options: ExpiringSecretsOptions) {
    this.#options = options
  }

  issue(): { readonly secret: string; readonly expiresAt: number } {
    const { clock, lifetimeMs, most } = this.#options
    const now = clock.now()
    for (const [hash, end] of this.#ends) {
      if (end <= now || this.#ends.size >= most) this.#ends.delete(hash)
    }
    const secret = randomBytes(32).toString("base64url")
    const expiresAt = now + lifetimeMs
    this.#ends.set(hashOf(secret), expiresAt)
    return { secret, expiresAt }
  }

  isValid(secret: string): boolean {
    const end = this.#ends.get(hashOf(secret))
    return end !== undefined && end > this.#options.clock.now()
  }

  /** Ends it. Whether it was valid. */
  take(secret: string): boolean {
    const wasValid = this.isValid(secret)
    this.#ends.delete(hashOf(secret))
    return wasValid
  }
}

// found by its hash: how long it takes tells nothing of the secret
function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("base64url")
}
