import { assertClock, systemClock, type Clock } from "./clock.js"
import { TokenError } from "./errors.js"
import { describeForeignError } from "./foreign-error.js"
import { tokenFromResult, type IssuedToken } from "./issued-token.js"
import { assertMilliseconds } from "./milliseconds.js"
import { assertOptions, type OptionNames } from "./options-object.js"
import { patiently } from "./single-flight.js"
import { assertLifetimePolicy, type LifetimePolicy } from "./token-lifetime.js"
import { fingerprintOf, type TokenRequest, type TokenSource } from "./token-source.js"
import type { Token } from "./token.js"

export type { IssuedToken } from "./issued-token.js"

/** An application's own way to get a token. `request.previous` has the refresh token, if there is one. */
export type GetToken = (request: TokenRequest) => Promise<string | Token | IssuedToken> | string | Token | IssuedToken

/** How long the tokens of a function last, and what it spends. Checked at once, never changed. */
export interface TokenSourceFromOptions extends Omit<LifetimePolicy, "defaultLifetimeMs"> {
  /** For how long a token lasts that comes without a time of its own, in milliseconds. A plain string always does. */
  readonly lifetimeMs?: number | undefined
  /** To renew at a fixed interval, in milliseconds, whatever the lifetime. */
  readonly renewEveryMs?: number | undefined
  /**
   * What it asks for, in the application's words: who, at which issuer, for what; no secret. Tokens in a shared cache
   * that came from something else are not served. Default: none, then the cache's key alone tells.
   */
  readonly name?: string | undefined
  /** It spends something that works once, such as a rotating refresh token. Default false. */
  readonly singleUse?: boolean | undefined
  readonly clock?: Clock | undefined
}

const NAMES: OptionNames<TokenSourceFromOptions> = {
  lifetimeMs: true,
  renewEveryMs: true,
  freshness: true,
  minimumStaleMs: true,
  refreshLeadMs: true,
  name: true,
  singleUse: true,
  clock: true,
}

/**
 * A token source from any function: for an API with its own kind of login. Safe to call concurrently if the function
 * is; `CachedTokenSource` calls it for one renewal at a time.
 *
 * `getToken` rejects with a `TokenError` that the function throws as it is. Of anything else thrown it tells the name
 * and code (`ERR_TOKEN_SOURCE`, transient: it is tried again), never the message, which may hold a response.
 *
 * @throws TypeError naming the option.
 */
export function tokenSourceFrom(getToken: GetToken, options: TokenSourceFromOptions = {}): TokenSource {
  assertArguments(getToken, options)
  const { name, singleUse = false, clock = systemClock, lifetimeMs, renewEveryMs, ...rest } = options
  const policy = { lifetimeMs, renewEveryMs, ...rest }
  return Object.freeze({
    fingerprint: name === undefined ? undefined : fingerprintOf({ grant: ["function", name], access: [] }),
    singleUse,
    async getToken(request: TokenRequest = {}) {
      request.signal?.throwIfAborted()
      const issuedAt = clock.now()
      const result: unknown = await patiently(call(getToken, request), request.signal)
      return tokenFromResult(result, issuedAt, policy)
    },
  })
}

async function call(getToken: GetToken, request: TokenRequest): Promise<unknown> {
  try {
    return await getToken(request)
  } catch (error) {
    if (error instanceof TokenError) throw error
    // nobody knows whether the issuer saw the request
    const options = { transient: true, ambiguous: true }
    throw new TokenError("ERR_TOKEN_SOURCE", `the token function failed: ${describeForeignError(error)}`, options)
  }
}

function assertArguments(getToken: unknown, options: TokenSourceFromOptions): void {
  if (typeof getToken !== "function") throw new TypeError(`getToken must be a function; got ${typeof getToken}`)
  assertOptions("tokenSourceFrom", options, NAMES)
  for (const option of ["lifetimeMs", "renewEveryMs"] as const) {
    assertMilliseconds(option, options[option], { least: 1 })
  }
  const { name, singleUse, clock = systemClock } = options
  assertClock(clock)
  if (name !== undefined && (typeof name !== "string" || name === "")) {
    throw new TypeError("name must be a string, and not empty")
  }
  if (singleUse !== undefined && typeof singleUse !== "boolean") {
    throw new TypeError(`singleUse must be true or false; got ${typeof singleUse}`)
  }
  assertLifetimePolicy(options)
}
