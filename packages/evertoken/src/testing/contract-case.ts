import { setTimeout as pause } from "node:timers/promises"
import assert from "node:assert/strict"
import type { Claim, ClaimSubject, StoredToken, TokenCache } from "../token-cache.js"
import { serializeToken, Token, type TokenVersion } from "../token.js"

/** One store, opened twice. */
export interface TokenCacheUnderTest {
  readonly cache: TokenCache
  /** A second instance on the same store, as another process would have it. The same one if the store is private to it. */
  readonly peer: TokenCache
  /** For a durable cache: closes both, and opens the store anew as a restarted process would. */
  readonly reopen?: (() => Promise<TokenCache>) | undefined
  /** Called at the end of each case, passed or failed. */
  readonly dispose?: (() => Promise<void>) | undefined
}

/** What a case may need to know of the implementation. */
export interface ContractContext extends TokenCacheUnderTest {
  readonly clockToleranceMs: number
  readonly deadlineMs: number
}

/** A promise, and what breaks if it is not kept. */
export interface ContractCase {
  readonly title: string
  readonly run: (context: ContractContext) => Promise<void>
}

const SUBJECT: ClaimSubject = { what: "0123456789abcdef", singleUse: true }
export const OTHER_SUBJECT: ClaimSubject = { what: "fedcba9876543210", singleUse: true }

/** @throws AssertionError if the cache has no claims. */
export function claimOf(cache: TokenCache, { key = "key", subject = SUBJECT } = {}): Claim {
  const claim = cache.claim?.(key, subject)
  assert.ok(claim, "the cache has claims")
  return claim
}

/** A record whose token says of which generation and writer it is. */
export function recordOf(generation: number, writer = "writer", changes: Partial<StoredToken> = {}): StoredToken {
  const version = versionOf(generation, writer)
  const token = new Token({
    accessToken: `access-${writer}-${generation}`,
    refreshToken: `refresh-${writer}-${generation}`,
    issuedAt: 1_767_225_600_000,
    staleAt: 1_767_228_300_000,
    expiresAt: 1_767_229_200_000,
  })
  return { version, token, fingerprint: "grant.access", lineages: ["configured"], ...changes }
}

export function versionOf(generation: number, writer = "writer"): TokenVersion {
  return { lineage: "lineage", generation, id: `${writer}-${generation}` }
}

/** Commits where the store is known to be as expected. */
export async function mustCommit(
  cache: TokenCache,
  record: StoredToken,
  expected?: TokenVersion,
  key = "key",
): Promise<void> {
  assert.deepEqual(await cache.commit(key, record, { expected }), { committed: true })
}

/** That what is stored is what was written, the token's secrets included. */
export function assertSameRecord(stored: StoredToken | undefined, written: StoredToken, clockToleranceMs = 0): void {
  assert.ok(stored, "a record is there")
  assert.deepEqual({ ...stored.version }, { ...written.version })
  assert.equal(stored.fingerprint, written.fingerprint)
  assert.deepEqual([...stored.lineages], [...written.lineages])
  assertSameToken(stored.token, written.token, clockToleranceMs)
  assert.equal(stored.sealed?.jwe, written.sealed?.jwe)
  const drift = (stored.restoredAt ?? 0) - (written.restoredAt ?? 0)
  assert.ok(Math.abs(drift) <= clockToleranceMs, "it says when it was put back")
}

function assertSameToken(stored: Token | undefined, written: Token | undefined, clockToleranceMs: number): void {
  if (stored === undefined || written === undefined) {
    assert.equal(stored, written)
    return
  }
  const [there, expected] = [split(stored), split(written)]
  assert.deepEqual(there.rest, expected.rest)
  for (const [name, time] of Object.entries(expected.times)) {
    const found = there.times[name] ?? NaN
    assert.ok(Math.abs(found - time) <= clockToleranceMs, `${name} is ${found}, and was written as ${time}`)
  }
}

// the version of a token is that of its record, whether a cache keeps it twice or not
function split(token: Token): { readonly times: Record<string, number>; readonly rest: object } {
  const { issuedAt, staleAt, expiresAt, refreshTokenExpiresAt, version: _, ...rest } = serializeToken(token)
  const times = { issuedAt, staleAt, expiresAt, ...(refreshTokenExpiresAt !== undefined && { refreshTokenExpiresAt }) }
  return { times, rest }
}

/** Waits until `holds` does. @throws AssertionError naming `what` at the deadline. */
export async function until(what: string, deadlineMs: number, holds: () => boolean): Promise<void> {
  const end = performance.now() + deadlineMs
  while (!holds()) {
    assert.ok(performance.now() < end, `within ${deadlineMs} ms ${what}`)
    await pause(5)
  }
}
