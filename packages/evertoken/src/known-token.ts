import type { Clock } from "./clock.js"
import { randomId } from "./random.js"
import { isNoSuccessor, isSameToken, isUnknownTo, onTopOf } from "./renewal-plan.js"
import type { StoredToken } from "./token-cache.js"
import { HeldToken } from "./token-lifetime.js"
import { sameGrant, type TokenSource } from "./token-source.js"
import { sameVersion, type Token, type TokenVersion } from "./token.js"

/** The newest record this process knows of one key. A newer one replaces it; nothing clears it. */
export class KnownToken {
  readonly #clock: Clock
  readonly #fingerprint: string | undefined
  readonly #lineage: string | undefined
  #record: StoredToken | undefined
  #held: HeldToken | undefined
  #written = true
  /** What the record was exchanged for, as long as it is not written. */
  #previous: Token | undefined

  /** @param source whose tokens are served */
  constructor(clock: Clock, { fingerprint, lineage }: Pick<TokenSource, "fingerprint" | "lineage">) {
    this.#clock = clock
    this.#fingerprint = fingerprint
    this.#lineage = lineage
  }

  get record(): StoredToken | undefined {
    return this.#record
  }

  /** The token to serve, perhaps expired: none if the record is not the source's, or a sign-out. */
  get held(): HeldToken | undefined {
    return this.#held
  }

  /** Whether the authority has this record. */
  get written(): boolean {
    return this.#written
  }

  /** What is left of the token, in milliseconds; zero if there is none. */
  leftMs(): number {
    return Math.max(0, this.#held?.leftMs() ?? 0)
  }

  /** Whether it is what the source asks for, and the refresh token it was configured with has been used for it, or before. */
  isOwn({ fingerprint, lineages }: StoredToken): boolean {
    return fingerprint === this.#fingerprint && (this.#lineage === undefined || lineages.includes(this.#lineage))
  }

  /** Whether it is of the source's grant, or a sign-out: then its refresh token, or the lack of one, concerns the source. */
  concerns({ fingerprint, token }: StoredToken): boolean {
    return token === undefined || sameGrant(fingerprint, this.#fingerprint)
  }

  /** Whether `version` comes after the one known. Of two with the same generation the store's is right. */
  isOlderThan(version: TokenVersion): boolean {
    if (this.#record === undefined) return true
    const known = this.#record.version
    return (
      version.generation > known.generation || (version.generation === known.generation && !sameVersion(version, known))
    )
  }

  /**
   * Whether what was renewed while the authority was out of reach is worth more than the later record found there now:
   * it lasts longer, and no other refresh token and no sign-out would be lost; or what is there does not make it obsolete.
   */
  outlasts(stored: StoredToken): boolean {
    const { version, token, fingerprint } = stored
    const held = this.#held
    if (this.#beginsLineageUnknownTo(stored)) return true
    if (this.#written || !this.isOlderThan(version)) return false
    if (isSameToken(token, this.#previous)) return true
    if (held === undefined || held.isExpired()) return false
    if (fingerprint !== this.#fingerprint || token?.refreshToken !== held.token.refreshToken) return false
    return token !== undefined && token.expiresAt < held.token.expiresAt
  }

  /** Makes what is known the successor of `stored`. */
  renumber(stored: StoredToken): void {
    const { version, lineages } = stored
    if (this.#record !== undefined && this.#beginsLineageUnknownTo(stored)) {
      return this.#replace(onTopOf(stored, this.#record), false, this.#previous)
    }
    const next = { lineage: version.lineage, generation: version.generation + 1, id: randomId() }
    const record = this.#record
    const token = record?.token?.with({ version: next })
    if (record !== undefined) this.#replace({ ...record, version: next, token, lineages }, false, this.#previous)
  }

  /**
   * The record by which a sign-in follows what is stored, and what is known here. Of a refresh token that is configured,
   * it counts as used: the sign-in is newer.
   */
  signedIn(
    token: Token,
    { lineage, after }: { readonly lineage: string; readonly after: StoredToken | undefined },
  ): StoredToken {
    const seen = new Set([
      ...((after ?? this.#record)?.lineages ?? []),
      ...(this.#lineage === undefined ? [] : [this.#lineage]),
    ])
    const generation = Math.max(after?.version.generation ?? 0, this.#record?.version.generation ?? 0) + 1
    const version = { lineage, generation, id: randomId() }
    return { version, token: token.with({ version }), fingerprint: this.#fingerprint, lineages: [...seen] }
  }

  /** The mark of a sign-out that follows what is known, where the store has none to show. */
  mark(): StoredToken {
    const { version, lineages = [] } = this.#record ?? {}
    const { lineage, generation } = version ?? { lineage: "", generation: 0 }
    return { version: { lineage, generation: generation + 1, id: randomId() }, lineages }
  }

  /** What the authority has. @returns whether it is news. */
  adopt(record: StoredToken): boolean {
    if (sameVersion(record.version, this.#record?.version)) {
      this.#written = true
      if (record.restoredAt !== this.#record?.restoredAt) this.#record = record
      return false
    }
    if (!this.isOlderThan(record.version)) return false
    this.#replace(record, true)
    return true
  }

  /**
   * What this process made, of `previous`. What is not written yet follows whatever was seen meanwhile, unless that makes it
   * obsolete.
   * @returns false if something newer is known already: a sign-out meanwhile.
   */
  take(
    record: StoredToken,
    { written, previous }: { readonly written: boolean; readonly previous?: Token | undefined },
  ): boolean {
    const known = this.#record
    if (known === undefined || record.version.generation > known.version.generation) {
      this.#replace(record, written, previous)
      return true
    }
    if (sameVersion(record.version, known.version)) return true
    if (written || !isNoSuccessor(known, { ...record, ...record.version, previous })) return false
    this.#replace(onTopOf(known, record), false, previous)
    return this.#record?.token !== undefined
  }

  #beginsLineageUnknownTo(stored: StoredToken): boolean {
    const record = this.#record
    return !this.#written && record !== undefined && isUnknownTo(stored, { ...record, ...record.version })
  }

  #replace(record: StoredToken, written: boolean, previous?: Token): void {
    const { token } = record
    const serves = token !== undefined && token.accessToken !== "" && this.isOwn(record)
    this.#record = record
    this.#written = written
    this.#previous = previous
    this.#held = serves ? new HeldToken(versioned(token, record.version), this.#clock) : undefined
  }
}

function versioned(token: Token, version: TokenVersion): Token {
  return sameVersion(token.version, version) ? token : token.with({ version })
}
