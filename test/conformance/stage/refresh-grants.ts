interface Grant {
  current: string
  readonly spent: Map<string, number>
  revoked: boolean
}

export interface RefreshGrantsOptions {
  readonly leewayMs: number
  readonly rotates: boolean
  /** What a second use does besides being refused. Default: it revokes the grant. */
  readonly reuse?: "revokes" | "refuses" | undefined
  readonly now: () => number
  readonly nextName: () => string
}

/** The grants of users at a strict issuer: a refresh token works once, and its second use revokes the whole grant. */
export class RefreshGrants {
  /** Each refresh token that was presented again after it was spent, outside the leeway. */
  readonly reused: string[] = []
  readonly #options: RefreshGrantsOptions
  readonly #grants: Grant[] = []

  constructor(options: RefreshGrantsOptions) {
    this.#options = options
  }

  /** A person signs in. @returns the first refresh token of the new grant. */
  signIn(): string {
    const current = this.#options.nextName()
    this.#grants.push({ current, spent: new Map(), revoked: false })
    return current
  }

  /** @returns the refresh token that follows; undefined: this one is no good. */
  use(refreshToken: string): string | undefined {
    const grant = this.#grants.find(({ current, spent }) => current === refreshToken || spent.has(refreshToken))
    if (grant === undefined || grant.revoked) return undefined
    if (grant.current !== refreshToken) return this.#useAgain(grant, refreshToken)
    if (!this.#options.rotates) return grant.current
    grant.spent.set(refreshToken, this.#options.now())
    grant.current = this.#options.nextName()
    return grant.current
  }

  revokeAll(): void {
    for (const grant of this.#grants) grant.revoked = true
  }

  get live(): number {
    return this.#grants.filter(({ revoked }) => !revoked).length
  }

  #useAgain(grant: Grant, refreshToken: string): string | undefined {
    const spentAt = grant.spent.get(refreshToken) ?? -Infinity
    if (this.#options.now() - spentAt < this.#options.leewayMs) return grant.current
    this.reused.push(refreshToken)
    grant.revoked = this.#options.reuse !== "refuses"
    return undefined
  }
}
