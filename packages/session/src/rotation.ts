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
  readonly #underWay = new WeakMap<
    TokenContext,
    { readonly userId: string | undefined; readonly token: Promise<Token> }
  >()

  /** Of what a request waits in all, however often it asks: the middleware does, then the handler. */
  readonly #patienceLeft = new WeakMap<TokenContext, number>()

  /** Who has waited for so long in vain does not wait a second time. */
  readonly #failed = new WeakMap<TokenContext, { readonly userId: string | undefined; readonly error: unknown }>()

  constructor(options: RotationOptions) {
    this.#options = options
  }

  /**
   * Calls of one request share the answer, and its cookie.
   * @throws SessionError. TokenError: why there is no token, though somebody is signed in.
   */
  async accessToken(context: TokenContext, userId: string | undefined): Promise<Token> {
    const failed = this.#failed.get(context)
    if (failed !== undefined && failed.userId === userId) throw failed.error
    const underWay = this.#underWay.get(context)
    if (underWay !== undefined && underWay.userId === userId) return underWay.token
    const token = this.#accessToken(context, userId)
    this.#underWay.set(context, { userId, token })
    try {
      return await token
    } catch (error) {
      if (this.#patienceLeft.get(context) === 0) this.#failed.set(context, { userId, error })
      throw error
    } finally {
      this.#underWay.delete(context)
    }
  }

  /** Something was set in this request: what failed before may not fail any more. */
  retry(context: TokenContext): void {
    this.#failed.delete(context)
  }

  async #accessToken(context: TokenContext, userId: string | undefined): Promise<Token> {
    const { cookies, clock, renewalPatienceMs } = this.#options
    const until = clock.monotonic() + (this.#patienceLeft.get(context) ?? renewalPatienceMs)
    const response = responseOf(context, cookies)
    // who is known otherwise needs no cookie, and one that is refused is replaced
    const read = await cookies
      ?.read(context)
      .catch((error: unknown) => (userId === undefined ? throwAgain(error) : undefined))
    const cookie = userId === undefined || read?.userId === userId ? read : undefined
    if (cookie?.status === "fresh") return cookie.token
    const user = userId ?? cookie?.userId
    if (user === undefined) throw notSignedIn()
    const good = cookie?.status === "stale" ? cookie.token : undefined
    // that of another user stays, unless it is not that one any more who asks
    const isOwn = read === undefined || read.userId === user || context.userId === user
    try {
      const token = await this.#unlessTooSlow(this.#newest(user, cookie, until), good, until)
      if (isOwn && token.accessToken !== read?.token.accessToken) await response.write({ userId: user, token })
      return token
    } catch (error) {
      if (isNotSignedIn(error) && isOwn) response.clear()
      else if (!isNotSignedIn(error) && good !== undefined && clock.now() < good.expiresAt) return good
      throw error
    } finally {
      this.#patienceLeft.set(context, Math.max(0, until - clock.monotonic()))
    }
  }

  /** That of the row, renewed unless it is fresh; if it cannot be, as it is, until its end. */
  async #newest(userId: string, cookie: ReadCookie | undefined, until: number): Promise<Token> {
    const { clock } = this.#options
    const kept = await this.#keptOf(userId, cookie)
    if (clock.now() < kept.staleAt) return kept
    const good = clock.now() < kept.expiresAt ? kept : undefined
    try {
      return await this.#unlessTooSlow(this.#renewed(userId, kept), good, until)
    } catch (error) {
      const failure = await this.#told(error, userId, { isGood: good !== undefined })
      if (good !== undefined && !isNotSignedIn(failure) && clock.now() < good.expiresAt) return good
      throw failure
    }
  }

  /** Whoever has signed out since it was written gets no cookie of it any more. */
  async #renewed(userId: string, newerThan: Token): Promise<Token> {
    const token = await this.#options.kept.renewed(userId, newerThan)
    if (!(await this.#isThere(userId))) throw notSignedIn()
    return token
  }

  async #unlessTooSlow(token: Promise<Token>, good: Token | undefined, until: number): Promise<Token> {
    if (good === undefined) return token
    const { clock } = this.#options
    return (await within(token, { clock, timeoutMs: Math.max(0, until - clock.monotonic()) })) ?? good
  }

  /** What is in the row, if it is what the cookie came from, or follows it. */
  async #keptOf(userId: string, cookie: ReadCookie | undefined): Promise<Token> {
    const { kept } = this.#options
    const record = await kept.read(userId)
    if (record === undefined) throw notSignedIn()
    const { generation } = record.version
    if (cookie === undefined) return record.token
    const { writtenAt, token } = cookie
    const seen = token.version?.generation ?? 0
    // a row's generations count from the time of its sign-in: a cookie from before that is of a session that has ended. The
    // generation in the cookie counts as well, since the server that wrote it may have a clock that is behind
    if (Math.max(writtenAt, seen) + CLOCK_SKEW_MS < generation) throw notSignedIn()
    if (generation < seen) throw rowRefused(kept.type)
    return record.token
  }

  /** Whoever has signed out meanwhile is told so at once; whose grant was refused, when there is nothing to serve any more. */
  async #told(error: unknown, userId: string, { isGood }: { readonly isGood: boolean }): Promise<unknown> {
    if (!(error instanceof TokenError) || error.code !== "ERR_REAUTHENTICATION_REQUIRED") return error
    const isThere = await this.#isThere(userId)
    return isGood && isThere ? error : notSignedIn()
  }

  /** Also if nobody can tell. */
  async #isThere(userId: string): Promise<boolean> {
    return (await this.#options.kept.read(userId).catch(() => "perhaps")) !== undefined
  }
}

/** What is done to the cookie. Where the response is sent it takes none: that of the next request does. */
function responseOf(context: TokenContext, cookies: CookieStrategy | undefined) {
  const after = cookies?.changesIn(context) ?? 0
  return {
    write: async (content: { readonly userId: string; readonly token: Token }) => {
      try {
        await cookies?.write(context, content, { after })
      } catch (error) {
        if (error instanceof SessionError) throw error
      }
    },
    clear: () => {
      try {
        cookies?.clear(context)
      } catch {
        // who is signed out is told so all the same
      }
    },
  }
}

function throwAgain(error: unknown): never {
  throw error
}

function isNotSignedIn(failure: unknown): boolean {
  return failure instanceof SessionError && failure.code === "ERR_NOT_SIGNED_IN"
}
