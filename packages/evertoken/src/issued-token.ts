import { salvageRefreshToken, TokenError } from "./errors.js"
import { describeForeignError } from "./foreign-error.js"
import { lifetimeOf, type Lifetime, type LifetimePolicy } from "./token-lifetime.js"
import { Token, type TokenFields } from "./token.js"

/** A token as an application's own login gives it. */
export interface IssuedToken extends Pick<
  TokenFields,
  "accessToken" | "tokenType" | "refreshToken" | "refreshTokenExpiresAt" | "idToken" | "scope"
> {
  /** The moment of its end: a `Date`, or epoch milliseconds. */
  readonly expiresAt?: Date | number | undefined
  /** Or its length from the moment before the request was sent, in seconds. */
  readonly expiresInSeconds?: number | undefined
}

export interface IssuedTokenPolicy extends LifetimePolicy {
  readonly lifetimeMs?: number | undefined
  readonly renewEveryMs?: number | undefined
}

/**
 * Makes a {@link Token} of what a function returned, whatever that is.
 * @throws TokenError `ERR_TOKEN_SOURCE`, or `ERR_TOKEN_LIFETIME`, that tells the type of what came, never its value. A
 * refresh token in it is salvaged.
 */
export function tokenFromResult(result: unknown, issuedAt: number, policy: IssuedTokenPolicy): Token {
  const issued = issuedOf(result)
  try {
    const token = issued instanceof Token ? issued : tokenOf(issued, issuedAt, policy)
    return renewedEvery(token, policy.renewEveryMs)
  } catch (error) {
    const failure = error instanceof TokenError ? error : unusable(describeForeignError(error))
    const { refreshToken }: { readonly refreshToken?: unknown } = issued
    if (typeof refreshToken === "string" && refreshToken !== "") salvageRefreshToken(failure, refreshToken)
    throw failure
  }
}

function issuedOf(result: unknown): Token | IssuedToken {
  if (typeof result === "string") return { accessToken: result }
  if (isIssuedToken(result)) return result
  throw unusable(`it returned ${kindOf(result)}: return a string, a Token, or an object with an accessToken`)
}

// its fields are checked by the Token made of them
function isIssuedToken(result: unknown): result is Token | IssuedToken {
  return typeof result === "object" && result !== null && "accessToken" in result
}

function tokenOf(issued: IssuedToken, issuedAt: number, policy: IssuedTokenPolicy): Token {
  const { accessToken, tokenType, refreshToken, refreshTokenExpiresAt, idToken, scope } = issued
  const rest = { accessToken, tokenType, refreshToken, refreshTokenExpiresAt, idToken, scope }
  if (accessToken === "") throw unusable("its accessToken is empty")
  return made({ ...rest, issuedAt, ...timesOf(issued, issuedAt, policy) })
}

function made(fields: TokenFields): Token {
  try {
    return new Token(fields)
  } catch (error) {
    throw unusable(String(error)) // names the field, not its value
  }
}

function timesOf({ expiresAt, expiresInSeconds }: IssuedToken, issuedAt: number, policy: IssuedTokenPolicy): Lifetime {
  const end = endOf(expiresAt)
  if (end !== undefined) {
    if (end <= issuedAt) throw overAtOnce()
    return lifetimeOf({ issuedAt, expiresIn: (end - issuedAt) / 1000 }, policy)
  }
  const { lifetimeMs } = policy
  const expiresIn = expiresInSeconds ?? (lifetimeMs === undefined ? undefined : lifetimeMs / 1000)
  if (expiresIn === undefined) {
    throw unusable(
      "for how long its token lasts is not known: return expiresAt or expiresInSeconds, or give lifetimeMs",
    )
  }
  return lifetimeOf({ issuedAt, expiresIn }, policy)
}

function endOf(expiresAt: unknown): number | undefined {
  if (expiresAt === undefined || expiresAt === null) return undefined
  const end = expiresAt instanceof Date ? expiresAt.getTime() : expiresAt
  if (typeof end === "number" && Number.isFinite(end)) return end
  throw unusable("its expiresAt is neither a valid Date nor epoch milliseconds")
}

function renewedEvery(token: Token, renewEveryMs: number | undefined): Token {
  if (renewEveryMs === undefined) return token
  return token.with({ staleAt: Math.min(token.issuedAt + renewEveryMs, token.expiresAt) })
}

function overAtOnce(): TokenError {
  const message = "the token is over at once: its expiresAt is not after the request (is it in epoch milliseconds?)"
  return new TokenError("ERR_TOKEN_LIFETIME", message, { transient: true })
}

// whatever it spent may be spent
function unusable(why: string): TokenError {
  const options = { transient: false, ambiguous: true }
  return new TokenError("ERR_TOKEN_SOURCE", `the token function did not give a token: ${why}`, options)
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value)) return "an array"
  return typeof value === "object" ? "an object without accessToken" : `a ${typeof value}`
}
