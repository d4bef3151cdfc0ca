import { join } from "node:path"
import { CachedTokenSource, TokenWatcher, type Clock } from "evertoken"
import { FileTokenCache } from "evertoken/file"
import { ClientCredentialsSource, RefreshTokenSource } from "evertoken/oauth2"
import type { SubjectConfig } from "./subject-protocol.js"

/** The issuer takes a spent refresh token again for so long: a lost answer costs no grant, so that a run never ends early. */
export const REUSE_LEEWAY_MS = 60_000

const TIMES = { requestTimeoutMs: 1_000, claimTimeoutMs: 2_000, minimumIntervalMs: 50 }
export const BACKOFF = { initialMs: 50, minimumMs: 20, maximumMs: 300 }
const SCOPES = ["api:read", "api:write", "invoices:read"]

/** How many different tokens there are: one for each scope, and one for each grant. */
export function tokenCount({ refreshTokens }: SubjectConfig): number {
  return SCOPES.length + refreshTokens.length
}

/** A watcher over a file that others have, too. The same number is the same token. */
export function startWatcher(config: SubjectConfig, which: number, clock: Clock): Promise<TokenWatcher> {
  return TokenWatcher.start(cachedSource(config, which, clock), { minimumIntervalMs: 50, backoff: BACKOFF, clock })
}

/** Tokens from a file that others have, too. The same number is the same token. */
export function cachedSource(config: SubjectConfig, which: number, clock: Clock): CachedTokenSource {
  return new CachedTokenSource(...sourceAndCache(config, which % tokenCount(config), clock))
}

function sourceAndCache(
  config: SubjectConfig,
  which: number,
  clock: Clock,
): ConstructorParameters<typeof CachedTokenSource> {
  const { issuer, directory, clientId, clientSecret, publicClientId, refreshTokens } = config
  const options = { ...TIMES, backoff: BACKOFF, clock }
  const scope = SCOPES[which]
  if (scope !== undefined) {
    const source = new ClientCredentialsSource({ issuer, clientId, clientSecret, scope, clock })
    return [source, { ...options, caches: [new FileTokenCache({ directory: join(directory, "scopes") }, { clock })] }]
  }
  const refreshToken = refreshTokens[which - SCOPES.length]
  const grant = { issuer, clientId: publicClientId, clientAuthentication: "none", refreshToken } as const
  const caches = [new FileTokenCache(join(directory, `grant-${which}.json`), { clock })]
  return [new RefreshTokenSource({ ...grant, clock }), { ...options, caches, reuseLeewayMs: REUSE_LEEWAY_MS }]
}
