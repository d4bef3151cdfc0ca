import { deserializeToken, type Clock } from "evertoken"
import { errors, jwtVerify, SignJWT, type JWTHeaderParameters, type JWTPayload } from "jose"
import type { CookieCoder, CookieContent } from "./cookie-coder.js"
import type { SigningKeys } from "./signing-keys.js"

const ALGORITHM = "HS256"
// explicit typing (RFC 8725, section 3.11): no other JWT that is signed with the same key is a cookie
const TYPE = "evertoken-cookie+jwt"

export interface SignedCookieOptions {
  /** The type's name. */
  readonly type: string
  readonly signingKeys: SigningKeys
  readonly clock: Clock
}

/**
 * A JWT (RFC 7519) for this application and this type: who the user is, the access token, and its times. Signed, not
 * encrypted: whoever has the browser can read it. Neither refresh token nor id token stands in it.
 */
export class SignedCookie implements CookieCoder {
  readonly #type: string
  readonly #signingKeys: SigningKeys
  readonly #clock: Clock

  constructor({ type, signingKeys, clock }: SignedCookieOptions) {
    this.#type = type
    this.#signingKeys = signingKeys
    this.#clock = clock
  }

  kept({ userId, writtenAt, token }: CookieContent): CookieContent {
    if (typeof userId !== "string" || userId === "") {
      throw new TypeError(`userId must say whose ${this.#type} this is: the signed cookie names the user`)
    }
    const secrets = { refreshToken: undefined, refreshTokenExpiresAt: undefined, idToken: undefined }
    return { userId, writtenAt, token: token.with(secrets) }
  }

  async encode({ userId, writtenAt, token }: CookieContent, endsAt: number): Promise<string> {
    const { accessToken, tokenType, issuedAt, staleAt, expiresAt, scope, version } = token
    const { id: kid, cryptoKey } = this.#signingKeys.first
    const times = { iat: Math.floor(writtenAt / 1000), exp: Math.ceil(endsAt / 1000) }
    const registered = { aud: this.#type, ...(userId !== undefined && { sub: userId }), ...times }
    return await new SignJWT({ ...registered, accessToken, tokenType, issuedAt, staleAt, expiresAt, scope, version })
      .setProtectedHeader({ alg: ALGORITHM, typ: TYPE, kid })
      .sign(await cryptoKey)
  }

  async decode(value: string): Promise<CookieContent | "ended" | "refused"> {
    try {
      const { payload } = await jwtVerify(value, (header) => this.#keyOf(header), {
        algorithms: [ALGORITHM],
        typ: TYPE,
        audience: this.#type,
        requiredClaims: ["exp"],
        currentDate: new Date(this.#clock.now()),
      })
      return contentOf(payload)
    } catch (error) {
      // told only of what is signed, and for this type
      if (error instanceof errors.JWTExpired) return "ended"
      if (error instanceof errors.JOSEError || error instanceof TypeError) return "refused"
      throw error
    }
  }

  #keyOf({ kid, crit }: JWTHeaderParameters) {
    const key = this.#signingKeys.find(kid)
    // no cookie was ever written with extensions, such as an unencoded payload (RFC 7797)
    if (key === undefined || crit !== undefined) throw new errors.JWSSignatureVerificationFailed()
    return key.cryptoKey
  }
}

/** @throws TypeError unless the fields are those of a token, and there is a user. */
function contentOf({ sub: userId, iat, ...fields }: JWTPayload): CookieContent {
  if (typeof userId !== "string" || userId === "") throw new TypeError("a cookie must name its user")
  if (iat === undefined) throw new TypeError("a cookie must say when it was written")
  const { accessToken, tokenType, issuedAt, staleAt, expiresAt, scope, version } = fields
  const token = deserializeToken({ accessToken, tokenType, issuedAt, staleAt, expiresAt, scope, version })
  return { userId, writtenAt: iat * 1000, token }
}
