import type { CookieType } from "../token-types.js"
import { cookieNameOf } from "./cookie-name.js"

/** A {@link CookieType} with its defaults. */
export interface CookieOptions {
  readonly format: "signed" | "opaque"
  readonly name: string
  readonly sameSite: "strict" | "lax" | "none"
  readonly idleTimeoutMs: number
}

/** @throws TypeError that names the type, and the option. */
export function cookieOptionsOf(type: string, given: CookieType): CookieOptions {
  const { format = "signed", sameSite = "lax", idleTimeoutMs = 0 } = given
  if (format === "opaque" && idleTimeoutMs > 0) {
    throw new TypeError(`types.${type}.idleTimeoutMs must be 0: an opaque cookie does not say who the user is`)
  }
  return { format, name: cookieNameOf(type, given.name), sameSite, idleTimeoutMs }
}
