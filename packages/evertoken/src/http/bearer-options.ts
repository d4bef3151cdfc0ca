import type { OptionNames } from "../options-object.js"
import type { ProofOfPossession } from "../proof-of-possession.js"
import type { TokenSource } from "../token-source.js"
import { Origins } from "./origins.js"

/** A request about to be sent. */
export interface OutgoingRequest {
  readonly url: URL
  /** In upper case. */
  readonly method: string
}

/** Where the token of a request comes from: one source for all, or one chosen for each, such as a `TokenPool`'s. */
export type RequestTokenSource = TokenSource | ((request: OutgoingRequest) => TokenSource)

/**
 * Where the token may go, and when a rejection is a reason to renew it. Checked at once, never
 * changed.
 */
export interface BearerOptions {
  /**
   * Where the token goes: exact origins such as `"https://api.example.com"`, or all sub-domains of one as
   * `"https://*.example.com"`; `http` for this machine only. Requests to any other origin pass through without it.
   */
  readonly origins: readonly string[]
  /**
   * Which 401 says that the token is no good, so that a newer one is got and the request sent once more:
   * `"unauthorized"`, any but one whose challenge tells another error than `invalid_token`; `"invalid_token"`, only one
   * that says so (RFC 6750, section 3.1). Default `"unauthorized"`: many APIs answer a bare 401.
   */
  readonly renewOn?: "unauthorized" | "invalid_token" | undefined
  /** The key that tokens are bound to (RFC 9449), the same that their source was given. */
  readonly dpop?: ProofOfPossession | undefined
}

export const BEARER_OPTIONS: OptionNames<BearerOptions> = { origins: true, renewOn: true, dpop: true }

/** Options checked and prepared. */
export interface BearerSettings {
  readonly origins: Origins
  readonly sourceFor: (request: OutgoingRequest) => TokenSource
  readonly renewOn: "unauthorized" | "invalid_token"
  readonly dpop: ProofOfPossession | undefined
}

/** @throws TypeError that names the option. */
export function bearerSettings(source: RequestTokenSource, options: BearerOptions): BearerSettings {
  if (typeof source !== "function") assertTokenSource(source)
  const { origins, renewOn = "unauthorized", dpop } = options
  if (!["unauthorized", "invalid_token"].includes(renewOn)) {
    throw new TypeError('renewOn must be "unauthorized" or "invalid_token"')
  }
  if (dpop !== undefined && !(hasMethod(dpop, "proof") && hasMethod(dpop, "noteNonce"))) {
    throw new TypeError("dpop must be a key, with proof() and noteNonce()")
  }
  const sourceFor = typeof source === "function" ? chosenBy(source) : () => source
  return { origins: new Origins(origins), sourceFor, renewOn, dpop }
}

function chosenBy(choose: (request: OutgoingRequest) => TokenSource): (request: OutgoingRequest) => TokenSource {
  return (request) => {
    // copied, for those who spread it
    const source = choose({ url: request.url, method: request.method })
    assertTokenSource(source)
    return source
  }
}

function assertTokenSource(source: TokenSource): void {
  if (!hasMethod(source, "getToken")) throw new TypeError("source must be a token source, with getToken()")
  if (source.singleUse) {
    throw new TypeError(
      "source spends a refresh token that works once: wrap it in a CachedTokenSource with a durable cache",
    )
  }
}

function hasMethod(value: unknown, method: string): boolean {
  return typeof value === "object" && value !== null && typeof Reflect.get(value, method) === "function"
}
