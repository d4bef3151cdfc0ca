import { TokenError, type Clock, type Token } from "evertoken"
import type { CookieStrategy, ReadCookie } from "./cookie/cookie-strategy.js"
import type { KeptTokens } from "./database/kept-tokens.js"
import { SessionError } from "./session-error.js"
import { notSignedIn, rowRefused } from "./session-failures.js"
import type { TokenContext } from "./token-context.js"
import { within } from "./within.js"

/** The clocks of the servers agree to within so much. */
const CLOCK_SKEW_MS = 60_000

export interface RotationOptions {
  /** Undefined: the row is all there is. */
  readonly cookies: CookieStrategy | undefined
  readonly kept: KeptTokens
  readonly clock: Clock
  /** For how long a request waits for a renewal while there is a token that is still good, in milliseconds. */
  readonly renewalPatienceMs: number
}

/**
 * The access token of a cookie, or of a row alone, renewed on the way: a fresh one in a cookie costs nothing. A stale one is
 * renewed through the row of its user; if that fails, or takes too long, it serves until its end.
 */
export class Rotation {
  readonly #options: RotationOptions

  constructor(options: RotationOptions) {
    this.#options = options
  }

  /** @throws SessionError. TokenError: why there is no token, though somebody is signed in. */
  async accessToken(context: TokenContext, userId: string | undefined): Promise<Token> {
    const { cookies, clock } = this.#options
    const read = await cookies?.read(context)
    const cookie = userId === undefined || read?.userId === userId ? read : undefined
    if (cookie?.status === "fresh") return cookie.token
    const user = userId ?? cookie?.userId
    if (user === undefined) throw notSignedIn()
    let good = cookie?.token
    try {
      const kept = await this.#keptOf(user, cookie)
      good ??= kept
      const token = await this.#fresh(user, kept, good)
      if (token.accessToken !== read?.token.accessToken) await cookies?.write(context, { userId: user, token })
      return token
    } catch (error) {
      const isGood = good !== undefined && clock.now() < good.expiresAt
      const failure = await this.#told(error, user, { isGood })
      if (isNotSignedIn(failure)) cookies?.clear(context)
      else if (good !== undefined && isGood) return good
      throw failure
    }
  }

  /** What is in the row, if it is what the cookie came from, or follows it. */
  async #keptOf(userId: string, cookie: ReadCookie | undefined): Promise<Token> {
    const { kept } = this.#options
    const record = await kept.read(userId)
    if (record === undefined) throw notSignedIn()
    const { generation } = record.version
    // generations begin at the time of the first sign-in: a cookie from before it is of a session that has ended
    if (cookie !== undefined && cookie.writtenAt + CLOCK_SKEW_MS < generation) throw notSignedIn()
    if (generation < (cookie?.token.version?.generation ?? 0)) throw rowRefused(kept.type)
    return record.token
  }

  async #fresh(userId: string, kept: Token, good: Token): Promise<Token> {
    const { clock, renewalPatienceMs } = this.#options
    if (clock.now() < kept.staleAt) return kept
    const renewal = this.#options.kept.renewed(userId, kept)
    if (clock.now() >= good.expiresAt) return renewal
    return (await within(renewal, { clock, timeoutMs: renewalPatienceMs })) ?? good
  }

  /** Whoever has signed out meanwhile is told so at once; whose grant was refused, when there is nothing to serve any more. */
  async #told(error: unknown, userId: string, { isGood }: { readonly isGood: boolean }): Promise<unknown> {
    if (!(error instanceof TokenError) || error.code !== "ERR_REAUTHENTICATION_REQUIRED") return error
    const isThere = (await this.#options.kept.read(userId).catch(() => "perhaps")) !== undefined
    return isGood && isThere ? error : notSignedIn()
  }
}

function isNotSignedIn(failure: unknown): boolean {
  return failure instanceof SessionError && failure.code === "ERR_NOT_SIGNED_IN"
}
