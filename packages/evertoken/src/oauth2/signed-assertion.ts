import { randomUUID } from "node:crypto"
import { SignJWT } from "jose"
import type { Clock } from "../clock.js"
import { assertText } from "./text-option.js"
import { currentSigningKey, type SigningKeyOptions } from "./current-signing-key.js"

/** A JWT that the library signs, a new one for each request, good for a minute (RFC 7523, section 3). */
export interface SignedAssertion extends SigningKeyOptions {
  /** `iss`: who signs, as the issuer of the tokens knows it. */
  readonly issuer: string
  /** `sub`: whose tokens are asked for. */
  readonly subject: string
  /** `aud`. Default: the issuer's identifier, or the token endpoint where no `issuer` is configured. */
  readonly audience?: string | undefined
  /** Further claims, such as Google's `scope`. They take the place of none that the library sets. */
  readonly claims?: Readonly<Record<string, unknown>> | undefined
}

const LIFETIME_SECONDS = 60

/** Makes the assertion for an issuer with this identifier. Its promise may reject with a `TokenError`. */
export type SignAssertion = (issuerId: string) => Promise<string>

/** @throws TypeError that names the option, and shows nothing of the key. */
export function signedAssertion(options: SignedAssertion, clock: Clock): SignAssertion {
  const { issuer: iss, subject: sub, audience, claims } = options
  assertText("assertion.issuer", iss)
  assertText("assertion.subject", sub)
  if (audience !== undefined) assertText("assertion.audience", audience)
  const currentKey = currentSigningKey(options, "assertion.")
  const own = copyOf(claims)
  return async (issuerId) => {
    const { algorithm: alg, keyId: kid, load } = await currentKey()
    const header = { alg, typ: "JWT", ...(kid !== undefined && { kid }) }
    const iat = Math.floor(clock.now() / 1000)
    const times = { iat, exp: iat + LIFETIME_SECONDS }
    const payload = { ...own, iss, sub, aud: audience ?? issuerId, jti: randomUUID(), ...times }
    return await new SignJWT(payload).setProtectedHeader(header).sign(await load())
  }
}

function copyOf(claims: unknown): Record<string, unknown> {
  if (claims === undefined) return {}
  try {
    if (typeof claims === "object" && claims !== null && !Array.isArray(claims)) return structuredClone({ ...claims })
  } catch {
    // told below
  }
  throw new TypeError("assertion.claims must be an object that JSON can hold")
}
