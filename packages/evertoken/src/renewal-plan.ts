import { randomId } from "./random.js"
import { foreignGrant, reauthenticationRequired } from "./renewal-errors.js"
import type { ClaimSubject, StoredToken } from "./token-cache.js"
import { hashOf, sameGrant } from "./token-source.js"
import { Token, type TokenFields, type TokenVersion } from "./token.js"

/** What one renewal presents to the issuer, and what its answer will follow. */
export interface RenewalPlan {
  readonly subject: ClaimSubject
  /** What the refresh token is taken from; undefined: the source's own configuration. */
  readonly previous: Token | undefined
  /** The authority's version as it was looked up. */
  readonly expected: TokenVersion | undefined
  /** Whether what is spent is a refresh token: then `invalid_grant` is final. */
  readonly spendsRefreshToken: boolean
  readonly lineage: string
  readonly lineages: readonly string[]
}

/** What a source asks for, under the name that its tokens have in the caches. */
export interface SourceIdentity {
  readonly fingerprint: string | undefined
  readonly lineage: string | undefined
  readonly singleUse: boolean
}

/**
 * Plans the renewal that follows `stored`. `requested` stands in for an empty store.
 * @throws TokenError `ERR_REAUTHENTICATION_REQUIRED` if the grant was signed out: the refresh token that once began its
 *   lineage never begins it again. `ERR_TOKEN_CACHE` if the store holds the refresh token of another grant.
 */
export function planRenewal(
  source: SourceIdentity,
  stored: StoredToken | undefined,
  requested: Token | undefined,
): RenewalPlan {
  const lineages = stored?.lineages ?? []
  const configured = source.lineage
  const beginsLineage = configured !== undefined && !lineages.includes(configured)
  const newest = stored === undefined ? requested : ownToken(source, stored)
  const previous = beginsLineage ? undefined : newest
  if (configured !== undefined && !beginsLineage && previous?.refreshToken === undefined) {
    throw reauthenticationRequired("signed out")
  }
  const spent = beginsLineage ? configured : previous?.refreshToken && hashOf(previous.refreshToken)
  return {
    subject: { what: spent ?? versionName(stored?.version), singleUse: source.singleUse },
    previous,
    expected: stored?.version,
    spendsRefreshToken: spent !== undefined,
    lineage: beginsLineage ? configured : (stored?.version.lineage ?? randomId()),
    lineages: beginsLineage ? [...lineages, configured] : lineages,
  }
}

/** The record that follows the plan's, with `token` in it and what the issuer left out carried forward. */
export function successorOf(plan: RenewalPlan, token: Token, fingerprint: string | undefined): StoredToken {
  const version = { lineage: plan.lineage, generation: (plan.expected?.generation ?? 0) + 1, id: randomId() }
  return {
    version,
    token: token.with({ ...carriedForward(token, plan.previous), version }),
    fingerprint,
    lineages: plan.lineages,
  }
}

/** A record for the refresh token of an answer that was otherwise unusable: the access token stays the previous one. */
export function salvagedToken(plan: RenewalPlan, refreshToken: string, now: number): Token {
  const none = { accessToken: "", issuedAt: now, staleAt: now, expiresAt: now }
  return (plan.previous ?? new Token(none)).with({ refreshToken, refreshTokenExpiresAt: undefined })
}

// RFC 6749, section 6: a new refresh token may be issued, the old one stays in force otherwise; scope likewise
function carriedForward(token: Token, previous: Token | undefined): Partial<TokenFields> {
  if (previous === undefined) return {}
  const kept = token.refreshToken === undefined
  return {
    refreshToken: token.refreshToken ?? previous.refreshToken,
    refreshTokenExpiresAt: kept ? previous.refreshTokenExpiresAt : token.refreshTokenExpiresAt,
    idToken: token.idToken ?? previous.idToken,
    scope: token.scope ?? previous.scope,
  }
}

function ownToken(source: SourceIdentity, { token, fingerprint }: StoredToken): Token | undefined {
  if (fingerprint === source.fingerprint) return token
  // a refresh token belongs to issuer, client and subject; the scope granted before is not what this source asks for
  if (sameGrant(fingerprint, source.fingerprint)) return token?.with({ scope: undefined })
  if (token?.refreshToken !== undefined) throw foreignGrant()
  return undefined
}

function versionName(version: TokenVersion | undefined): string {
  return version === undefined ? "v0" : `v${version.generation}-${version.id}`
}

/** What a renewal is about, as far as that tells whether a record that has come before its own makes it obsolete. */
export type Succession = Pick<RenewalPlan, "previous" | "lineage" | "lineages">

/**
 * Whether `stored` does not make a renewal obsolete, though it has come first: what was spent for that renewal must not be
 * lost with it.
 */
export function isNoSuccessor(stored: StoredToken, succession: Succession): boolean {
  return isUnknownTo(stored, succession) || isSameToken(stored.token, succession.previous)
}

/** Whether `lineage` is begun, and `stored` has never seen it: another process has rotated the old one meanwhile. */
export function isUnknownTo(stored: StoredToken, { lineage, lineages }: Omit<Succession, "previous">): boolean {
  return lineages.includes(lineage) && !stored.lineages.includes(lineage)
}

/** Whether a token was only written again: encrypted with another key, by a process that had lost its claim by then. */
export function isSameToken(token: Token | undefined, other: Token | undefined): boolean {
  if (token === undefined || other === undefined) return false
  return token.accessToken === other.accessToken && token.refreshToken === other.refreshToken
}

/** `record` as what follows `stored`, which {@link isNoSuccessor}. A sign-out stays one, but has seen the lineage. */
export function onTopOf({ token, version, lineages }: StoredToken, record: StoredToken): StoredToken {
  const { lineage } = token === undefined ? version : record.version
  const next = { lineage, generation: version.generation + 1, id: randomId() }
  return {
    ...record,
    version: next,
    token: token && record.token?.with({ version: next }),
    lineages: allLineages(lineages, record.lineages),
  }
}

export function allLineages(some: readonly string[], more: readonly string[]): readonly string[] {
  return [...new Set([...some, ...more])]
}
