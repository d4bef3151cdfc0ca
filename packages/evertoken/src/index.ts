export { CachedTokenSource, type CachedTokenSourceOptions } from "./cached-token-source.js"
export { systemClock, type Clock, type Timer } from "./clock.js"
export type { ErrorBackoffOptions } from "./error-backoff.js"
export {
  salvageRefreshToken,
  TokenError,
  TokenResponseError,
  type TokenErrorCode,
  type TokenErrorOptions,
  type TokenResponseErrorOptions,
} from "./errors.js"
export { onTokenEvent, type Presentation, type RenewalStep, type TokenEventName, type TokenEvents } from "./events.js"
export { noJitter, randomEarly, type JitterSource, type RandomEarlyOptions } from "./jitter.js"
export { MemoryTokenCache, type MemoryTokenCacheOptions } from "./memory-token-cache.js"
export type { ProofOfPossession, ProvenRequest } from "./proof-of-possession.js"
export type { Random } from "./random.js"
export { StaticTokenSource, type StaticTokenSourceOptions } from "./static-token-source.js"
export type { Claim, ClaimSubject, ClaimView, Commit, CommitOptions, StoredToken, TokenCache } from "./token-cache.js"
export { lifetimeOf, type Lifetime, type LifetimePolicy } from "./token-lifetime.js"
export { TokenPool, type TokenPoolOptions } from "./token-pool.js"
export { tokenSourceFrom, type GetToken, type IssuedToken, type TokenSourceFromOptions } from "./token-source-from.js"
export { fingerprintOf, hashOf, type TokenRequest, type TokenSource } from "./token-source.js"
export {
  deserializeToken,
  serializeToken,
  Token,
  type SerializedToken,
  type TokenFields,
  type TokenVersion,
} from "./token.js"
export { TokenWatcher } from "./token-watcher.js"
export type { TokenWatcherOptions } from "./watcher-options.js"
export type { WatcherState, WatcherStatus } from "./watcher-state.js"
