import { deviceAuthorizationRequest } from "oauth4webapi"
import { TokenError } from "../errors.js"
import { LONGEST_TIMER_MS } from "../milliseconds.js"
import type { EndpointClient } from "./endpoint-client.js"
import { jsonObjectOf } from "./json-object.js"
import { isRefusal, responseErrorOf } from "./response-error.js"

/** What the user needs to sign in on another device. Times are epoch milliseconds. */
export interface DevicePrompt {
  /** To be typed in at `verificationUri`. */
  readonly userCode: string
  readonly verificationUri: string
  /** The same with the code in it: for a link, or a QR code. Not every issuer has one. */
  readonly verificationUriComplete?: string
  readonly expiresAt: number
}

export interface DeviceAuthorization {
  readonly deviceCode: string
  readonly prompt: DevicePrompt
  readonly intervalMs: number
}

type Fields = Readonly<Record<string, unknown>>

/**
 * Asks for a code that a user can type in elsewhere (RFC 8628, section 3.1).
 * @returns a promise that rejects with a `TokenError`, or with `signal.reason`.
 */
export async function authorizeDevice(
  endpoint: EndpointClient,
  asked: readonly (readonly [string, string])[],
  signal: AbortSignal | undefined,
): Promise<DeviceAuthorization> {
  const form = new URLSearchParams(asked.map(([name, value]): [string, string] => [name, value]))
  const { answer, secrets, issuedAt } = await endpoint.post(
    ({ server, client, authentication, options }) =>
      deviceAuthorizationRequest(server, client, authentication, form, options),
    signal,
  )
  if (isRefusal(answer)) {
    throw responseErrorOf(answer, { endpoint: "device authorization endpoint", secrets, now: endpoint.clock.now() })
  }
  return authorizationFrom(jsonObjectOf(answer.text) ?? {}, issuedAt)
}

function authorizationFrom(fields: Fields, issuedAt: number): DeviceAuthorization {
  const userCode = shownCode(fields["user_code"])
  // the older name is Google's
  const verificationUri = webUrl(fields["verification_uri"] ?? fields["verification_url"])
  const complete = webUrl(fields["verification_uri_complete"])
  const deviceCode = fields["device_code"]
  const lifetimeMs = millisecondsOf(fields["expires_in"])
  if (typeof deviceCode !== "string" || deviceCode === "") throw invalid("device_code")
  if (userCode === undefined) throw invalid("user_code")
  if (verificationUri === undefined) throw invalid("verification_uri")
  if (lifetimeMs === undefined) throw invalid("expires_in")
  return {
    deviceCode,
    intervalMs: millisecondsOf(fields["interval"]) ?? 5_000,
    prompt: {
      userCode,
      verificationUri,
      ...(complete !== undefined && { verificationUriComplete: complete }),
      expiresAt: issuedAt + lifetimeMs,
    },
  }
}

// it goes to a terminal or a page, unseen by anybody before
function shownCode(value: unknown): string | undefined {
  return typeof value === "string" && /^[\p{L}\p{N} ._-]{1,64}$/u.test(value) ? value : undefined
}

function webUrl(value: unknown): string | undefined {
  if (typeof value !== "string" || !URL.canParse(value)) return undefined
  const { protocol, href } = new URL(value)
  return protocol === "https:" || protocol === "http:" ? href : undefined
}

function millisecondsOf(seconds: unknown): number | undefined {
  const value = typeof seconds === "string" ? Number(seconds) : seconds
  return typeof value === "number" && value > 0 ? Math.min(value * 1000, LONGEST_TIMER_MS) : undefined
}

function invalid(name: string): TokenError {
  const message = `the device authorization endpoint's answer has no valid ${name}`
  return new TokenError("ERR_TOKEN_RESPONSE_INVALID", message, { transient: true })
}
