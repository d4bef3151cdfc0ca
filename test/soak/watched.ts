import { join } from "node:path"
import { CachedTokenSource, TokenWatcher, type Clock, type TokenCache } from "evertoken"
import { FileTokenCache } from "evertoken/file"
import { ClientCredentialsSource, RefreshTokenSource } from "evertoken/oauth2"
import type { SubjectConfig } from "./subject-protocol.js"

/** The issuer takes a spent refresh token again for so long: a lost answer costs no grant, so that a run never ends early. */
export const REUSE_LEEWAY_MS = 60_000

const TIMES = { requestTimeoutMs: 1_000, claimTimeoutMs: 2_000, minimumIntervalMs: 50 }
export const BACKOFF = { initialMs: 50, minimumMs: 20, maximumMs: 300 }
const SCOPES = ["api:read", "api:write", "invoices:read"]

/** What a process has, for all that it starts. */
export interface Surroundings {
  readonly config: SubjectConfig
  readonly clock: Clock
  /** Behind the files, if there is one. */
  readonly store: TokenCache | undefined
}

/** How many different tokens there are: one for each scope, and one for each grant. */
export function tokenCount({ refreshTokens }: SubjectConfig): number {
  return SCOPES.length + refreshTokens.length
}

/** A watcher over a file that others have, too. The same number is the same token. */
export function startWatcher(around: Surroundings, which: number): Promise<TokenWatcher> {
  const { clock } = around
  return TokenWatcher.start(cachedSource(around, which), { minimumIntervalMs: 50, backoff: BACKOFF, clock })
}

/** Tokens from a file that others have, too. The same number is the same token. */
export function cachedSource(around: Surroundings, which: number): CachedTokenSource {
  return new CachedTokenSource(...sourceAndCaches(around, which % tokenCount(around.config)))
}

function sourceAndCaches(
  { config, clock, store }: Surroundings,
  which: number,
): ConstructorParameters<typeof CachedTokenSource> {
  const behind = store === undefined ? [] : [store]
  const { issuer, directory, clientId, clientSecret, publicClientId, refreshTokens } = config
  const options = { ...TIMES, backoff: BACKOFF, clock }
  const scope = SCOPES[which]
  if (scope !== undefined) {
    const source = new ClientCredentialsSource({ issuer, clientId, clientSecret, scope, clock })
    const file = new FileTokenCache({ directory: join(directory, "scopes") }, { clock })
    return [source, { ...options, caches: [file, ...behind] }]
  }
  const refreshToken = refreshTokens[which - SCOPES.length]
  const subject = `user ${which}`
  const grant = { issuer, clientId: publicClientId, clientAuthentication: "none", refreshToken, subject } as const
  const caches = [new FileTokenCache(join(directory, `grant-${which}.json`), { clock }), ...behind]
  return [new RefreshTokenSource({ ...grant, clock }), { ...options, caches, reuseLeewayMs: REUSE_LEEWAY_MS }]
}
