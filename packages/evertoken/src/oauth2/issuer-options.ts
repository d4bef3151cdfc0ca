import type { Dispatcher } from "undici"
import { assertClock, type Clock } from "../clock.js"
import { assertMilliseconds, LONGEST_TIMER_MS } from "../milliseconds.js"
import type { OptionNames } from "../options-object.js"
import { isSecureUrl } from "../secure-url.js"
import { shownValue } from "../shown-value.js"
import type { ClientAuthenticationOptions } from "./client-authentication.js"
import { assertText } from "./text-option.js"
import type { TextFile } from "../text-file.js"

/** What every request to an issuer needs: whom to ask, who asks, and how to get there. */
export interface IssuerOptions extends ClientAuthenticationOptions {
  /**
   * The issuer's identifier, an `https` URL (`http` for this machine only). Its metadata (RFC 8414, or OpenID Connect
   * Discovery) tells the endpoint: asked for when it is first needed, and again after an hour or once the endpoint is
   * gone, once for all sources that reach it in the same way. Where the endpoint is given too, nothing is discovered.
   */
  readonly issuer?: string | undefined
  readonly clientId: string
  /** Needed unless `clientAuthentication` says that there is none. */
  readonly clientSecret?: string | undefined
  /**
   * For discovery, connection, headers and body together, in milliseconds. Default 8,000. Keep it below the
   * `requestTimeoutMs` of a `CachedTokenSource` around it, which cannot tell whether anything was sent: then whatever
   * works once counts as perhaps spent.
   */
  readonly timeoutMs?: number | undefined
  /** The largest answer that is read. Default 1,048,576. */
  readonly maximumResponseBytes?: number | undefined
  /**
   * Sends the requests instead of the library's own connections. Those are fresh for each request, trust whom Node.js
   * trusts (`NODE_EXTRA_CA_CERTS`), and go through the proxy that the environment variable `HTTPS_PROXY` names, but for
   * the hosts in `NO_PROXY`. It must not retry.
   */
  readonly fetch?: typeof globalThis.fetch | undefined
  /** The same, an undici dispatcher: a proxy, a mock, connections that are kept. It must not retry. */
  readonly dispatcher?: Dispatcher | undefined
  /**
   * Whom the library's own connections trust instead of whom Node.js does: one certificate or several, in PEM, or the file in
   * which they stand, read anew for each request. A proxy is not meant by it.
   */
  readonly certificateAuthority?: string | TextFile | undefined
  readonly clock?: Clock | undefined
}

export const ISSUER_OPTIONS: OptionNames<IssuerOptions> = {
  issuer: true,
  clientId: true,
  clientSecret: true,
  clientAuthentication: true,
  timeoutMs: true,
  maximumResponseBytes: true,
  fetch: true,
  dispatcher: true,
  certificateAuthority: true,
  clock: true,
}

/** Where to ask, parsed. */
export interface IssuerLocation {
  readonly issuer: URL | undefined
  /** The issuer as it was written. */
  readonly issuerId: string | undefined
  readonly endpoint: URL | undefined
}

/** An endpoint as it is configured: the name of its option, and the value. */
export type ConfiguredEndpoint = readonly [option: string, value: string | undefined]

/** @throws TypeError that names the option. */
export function locationOf(issuer: string | undefined, [option, value]: ConfiguredEndpoint): IssuerLocation {
  if (issuer === undefined && value === undefined) {
    throw new TypeError(
      `issuer or ${option} is required, an https URL. Is the environment variable that it comes from set?`,
    )
  }
  const location = { issuer: secureUrl("issuer", issuer), issuerId: issuer, endpoint: secureUrl(option, value) }
  if (location.issuer?.search) throw new TypeError("issuer must not have a query (RFC 8414, section 2)")
  return location
}

function secureUrl(name: string, value: unknown): URL | undefined {
  if (value === undefined) return undefined
  if (typeof value !== "string") {
    throw new TypeError(`${name} must be a string, an https URL; got ${shownValue(value)}`)
  }
  if (!URL.canParse(value)) {
    const got = value === "" ? "nothing" : "what is no URL"
    throw new TypeError(`${name} must be an https URL, such as https://id.example.com; got ${got}`)
  }
  const url = new URL(value)
  if (!isSecureUrl(url)) {
    throw new TypeError(`${name} must be an https URL (http for this machine only); got ${url.protocol}//${url.host}`)
  }
  if (url.username !== "" || url.password !== "") throw new TypeError(`${name} must not hold a user name or password`)
  if (url.hash !== "") throw new TypeError(`${name} must not have a fragment`)
  return url
}

/** @throws TypeError that names the option. */
export function assertIssuerOptions(options: IssuerOptions): void {
  const { timeoutMs, maximumResponseBytes, fetch, dispatcher, clock } = options
  assertText("clientId", options.clientId)
  assertMilliseconds("timeoutMs", timeoutMs, { least: 1, most: LONGEST_TIMER_MS })
  assertBytes("maximumResponseBytes", maximumResponseBytes)
  if (clock !== undefined) assertClock(clock)
  if (fetch !== undefined && typeof fetch !== "function") throw new TypeError("fetch must be a function")
  if (dispatcher !== undefined) assertDispatcher(dispatcher)
  if (fetch !== undefined && dispatcher !== undefined) throw new TypeError("fetch and dispatcher exclude each other")
}

function assertBytes(name: string, value: unknown): void {
  if (value === undefined || (typeof value === "number" && value > 0 && value <= Number.MAX_SAFE_INTEGER)) return
  throw new TypeError(`${name} must be bytes, a finite number above 0; got ${shownValue(value)}`)
}

function assertDispatcher(value: unknown): void {
  const isObject = typeof value === "object" && value !== null
  if (isObject && typeof Reflect.get(value, "compose") === "function") return
  throw new TypeError("dispatcher must be a dispatcher of undici 7 or newer")
}
