import { sleep } from "../clock.js"
import { Deadline } from "../deadline.js"
import { TokenError, TokenResponseError } from "../errors.js"
import { LONGEST_TIMER_MS } from "../milliseconds.js"
import { assertOptions, type OptionNames } from "../options-object.js"
import type { Token } from "../token.js"
import { authorizeDevice, type DevicePrompt } from "./device-authorization.js"
import { EndpointClient } from "./endpoint-client.js"
import { TOKEN_ENDPOINT_OPTIONS, type TokenEndpointOptions } from "./token-endpoint-options.js"
import { DEVICE_CODE, TokenEndpoint } from "./token-endpoint.js"

export type { DevicePrompt } from "./device-authorization.js"

/** One of `issuer` and `deviceAuthorizationEndpoint` is required, and one of `issuer` and `tokenEndpoint`. */
export interface DeviceSignInOptions extends TokenEndpointOptions {
  /** The device authorization endpoint, an `https` URL (`http` for this machine only). */
  readonly deviceAuthorizationEndpoint?: string | undefined
  /** Shows the user where to go, and what to type in there. What it throws ends the sign-in. */
  readonly onCode: (prompt: DevicePrompt) => unknown
  /** This caller's patience. */
  readonly signal?: AbortSignal | undefined
}

const NAMES: OptionNames<DeviceSignInOptions> = {
  ...TOKEN_ENDPOINT_OPTIONS,
  deviceAuthorizationEndpoint: true,
  onCode: true,
  signal: true,
}

// RFC 8628, section 3.5
const SLOWER_BY_MS = 5_000

/**
 * The user signs in on another device, by a code (RFC 8628): for programs without a browser beside them. Asks the issuer as
 * often as it allows, until the user has agreed, refused, or let the code expire. Hand the token to the `signIn` of a
 * `CachedTokenSource`. Each call is a sign-in of its own.
 * @returns a promise that rejects with a `TokenError`: a `TokenResponseError` (`access_denied`, `expired_token`),
 * `ERR_TOKEN_REQUEST_TIMEOUT` once the code has expired, else as `ClientCredentialsSource` does; with `signal.reason`; with
 * what `onCode` throws; with a `TypeError` that names an option.
 */
export async function signInWithDevice(options: DeviceSignInOptions): Promise<Token> {
  assertOptions("signInWithDevice", options, NAMES)
  const { onCode, signal, deviceAuthorizationEndpoint, ...others } = options
  if (typeof onCode !== "function") throw new TypeError("onCode must be a function")
  const token = new TokenEndpoint(others)
  const configured = ["deviceAuthorizationEndpoint", deviceAuthorizationEndpoint] as const
  const endpoint = new EndpointClient(others, "device_authorization_endpoint", configured)
  const { deviceCode, prompt, intervalMs } = await authorizeDevice(endpoint, token.asked, signal)
  const { clock } = endpoint
  const deadline = new Deadline(clock, prompt.expiresAt - clock.now())
  await onCode(prompt)
  for (let pauseMs = intervalMs; deadline.remainingMs() > 0;) {
    await sleep(clock, Math.min(pauseMs, deadline.remainingMs()), { signal })
    const parameters = { device_code: deviceCode }
    const answer = await token.request({ grantType: DEVICE_CODE, parameters, signal }).catch(orFailure)
    if (!(answer instanceof TokenError)) return answer
    pauseMs = pauseAfter(answer, pauseMs)
  }
  throw new TokenError("ERR_TOKEN_REQUEST_TIMEOUT", "nobody signed in before the code expired", { transient: true })
}

function orFailure(error: unknown): TokenError {
  if (error instanceof TokenError) return error
  throw error
}

/** @throws the failure, if asking again cannot help. */
function pauseAfter(failure: TokenError, pauseMs: number): number {
  const name = failure instanceof TokenResponseError ? failure.error : undefined
  if (name === "authorization_pending") return pauseMs
  if (name === "slow_down") return pauseMs + SLOWER_BY_MS
  if (!failure.transient) throw failure
  return Math.min(Math.max(pauseMs * 2, failure.retryAfterMs ?? 0), LONGEST_TIMER_MS)
}
