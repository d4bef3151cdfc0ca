import type { Clock, Token } from "evertoken"
import { SessionError } from "../session-error.js"
import type { TokenContext } from "../token-context.js"
import type { SetOptions, TokenPlace, TokenStrategy } from "../token-strategy.js"
import type { CookieType } from "../token-types.js"
import { accessTokenOf } from "./access-token-of.js"
import { maxAgeOf, setCookieHeader } from "./cookie-attributes.js"
import { chunked, joined, roomIn } from "./cookie-chunks.js"
import type { CookieCoder, CookieContent } from "./cookie-coder.js"
import { cookieOptionsOf, type CookieOptions } from "./cookie-options.js"
import { OpaqueCookie } from "./opaque-cookie.js"
import { cookiesNamed } from "./request-cookies.js"
import { SignedCookie } from "./signed-cookie.js"
import { SigningKeys } from "./signing-keys.js"

export interface CookieStrategyOptions extends CookieType {
  /** The first signs, all verify. A signed cookie needs one. */
  readonly signingKeys?: readonly (Uint8Array | string)[] | undefined
  readonly clock: Clock
}

/** What the browser's cookie says at this moment. */
export interface ReadCookie extends CookieContent {
  /** Expired: the token has ended, the idle time-out has not. */
  readonly status: "fresh" | "stale" | "expired"
}

type Content = CookieContent | "none" | "ended" | "refused"

/** A cookie as one request has it, and its response leaves it. */
interface RequestState {
  /** The names under which the browser has it, or parts of it. */
  names: ReadonlySet<string>
  /** Undefined: nobody has asked. */
  content: Promise<Content> | undefined
  /** How often it was written or removed. */
  changes: number
}

/** One type's token in a cookie of the browser. Safe to call concurrently, also within one request. */
export class CookieStrategy implements TokenStrategy<Token> {
  readonly #type: string
  readonly #options: CookieOptions
  readonly #coder: CookieCoder
  readonly #clock: Clock
  readonly #requests = new WeakMap<TokenContext, RequestState>()

  /** @throws TypeError that names the option. */
  constructor(type: string, options: CookieStrategyOptions) {
    const { signingKeys, clock } = options
    this.#type = type
    this.#options = cookieOptionsOf(type, options)
    this.#clock = clock
    if (this.#options.format === "opaque") this.#coder = new OpaqueCookie({ clock })
    else if (signingKeys === undefined)
      throw new TypeError(`signingKeys must be given: the cookie of ${type} is signed`)
    else this.#coder = new SignedCookie({ type, signingKeys: new SigningKeys(signingKeys), clock })
  }

  /** Expired is none, and so is another user's. @throws SessionError `ERR_COOKIE_REFUSED` */
  async get({ context, userId }: TokenPlace): Promise<Token | undefined> {
    const reading = await this.read(context)
    if (reading === undefined || reading.status === "expired") return undefined
    return isOfAnother(reading, userId) ? undefined : reading.token
  }

  /**
   * Who the cookie says the user is, and which token it has, until its idle time-out: what a renewal needs to know.
   * @throws SessionError `ERR_COOKIE_REFUSED`
   */
  async read(context: TokenContext): Promise<ReadCookie | undefined> {
    const content = await this.#contentOf(context)
    if (content === "refused") throw new SessionError("ERR_COOKIE_REFUSED", REFUSED)
    return typeof content === "string" ? undefined : this.#reading(content)
  }

  /** Whom the cookie names that the request came with, though it was removed since. A refused one names nobody. */
  async cameAs(context: TokenContext): Promise<string | undefined> {
    const content = await this.#sentIn(context)
    return typeof content === "string" || this.#reading(content) === undefined ? undefined : content.userId
  }

  /**
   * Replaces whatever cookie there is, a refused one too.
   * @throws SessionError `ERR_COOKIE_TOO_LARGE`: nothing has changed.
   */
  async set({ context, userId }: TokenPlace, value: Token | string, { expiresAt }: SetOptions = {}): Promise<void> {
    const token = accessTokenOf(value, { expiresAt, now: this.#clock.now() })
    await this.write(context, { userId, token })
  }

  /** How often it was written or removed in this request. */
  changesIn(context: TokenContext): number {
    return this.#stateOf(context).changes
  }

  /** As {@link set}. @param after nothing is written if it has changed since then: {@link changesIn} */
  async write(
    context: TokenContext,
    { userId, token }: Pick<CookieContent, "userId" | "token">,
    { after }: { readonly after?: number } = {},
  ): Promise<void> {
    const state = this.#stateOf(context)
    if (after !== undefined && after !== state.changes) return
    const change = ++state.changes
    const content = this.#coder.kept({ userId, token, writtenAt: this.#clock.now() })
    const endsAt = this.#endOf(token)
    const text = await this.#coder.encode(content, endsAt)
    const { name } = this.#options
    if (text.length > roomIn(name)) throw this.#tooLarge(text.length)
    // whoever came later, such as a sign-out, has the last word
    if (change !== state.changes) return
    const maxAge = maxAgeOf(endsAt, this.#clock.now())
    this.#replace(context, maxAge > 0 ? chunked(name, text) : [], maxAge)
    state.content = Promise.resolve(content)
  }

  /** @returns whether there was a cookie, readable or not; that of another user does not count, and stays. */
  async delete({ context, userId }: TokenPlace): Promise<boolean> {
    const content = userId === undefined ? undefined : await this.#contentOf(context)
    if (typeof content === "object" && isOfAnother(content, userId)) return false
    return this.clear(context)
  }

  /** Removes it, whosever it is. @returns whether there was one. */
  clear(context: TokenContext): boolean {
    const state = this.#stateOf(context)
    const isThere = state.names.size > 0
    state.changes++
    this.#replace(context, [], 0)
    state.content = Promise.resolve("none")
    return isThere
  }

  /** Writes `cookies`, and removes what else the browser has of this one. */
  #replace(context: TokenContext, cookies: readonly (readonly [string, string])[], maxAge: number): void {
    const state = this.#stateOf(context)
    const { sameSite } = this.#options
    const now = this.#clock.now()
    const written = new Set(cookies.map(([name]) => name))
    const left = [...state.names].filter((name) => !written.has(name))
    for (const cookie of cookies) context.appendSetCookie(setCookieHeader(cookie, { sameSite, maxAge, now }))
    for (const name of left) context.appendSetCookie(setCookieHeader([name, ""], { sameSite, maxAge: 0, now }))
    state.names = written
  }

  #stateOf(context: TokenContext): RequestState {
    const known = this.#requests.get(context)
    if (known !== undefined) return known
    const names = new Set(cookiesNamed(this.#options.name, context.cookieHeader).keys())
    const state: RequestState = { names, content: undefined, changes: 0 }
    this.#requests.set(context, state)
    return state
  }

  #contentOf(context: TokenContext): Promise<Content> {
    return (this.#stateOf(context).content ??= this.#sentIn(context))
  }

  async #sentIn({ cookieHeader }: TokenContext): Promise<Content> {
    const { name } = this.#options
    const cookies = cookiesNamed(name, cookieHeader)
    if (cookies.size === 0) return "none"
    const text = joined(name, cookies)
    return text === undefined ? "refused" : await this.#coder.decode(text)
  }

  #reading(content: CookieContent): ReadCookie | undefined {
    const now = this.#clock.now()
    const { staleAt, expiresAt } = content.token
    if (now >= this.#endOf(content.token)) return undefined
    if (now >= expiresAt) return { ...content, status: "expired" }
    return { ...content, status: now >= staleAt ? "stale" : "fresh" }
  }

  #endOf({ expiresAt }: Token): number {
    return expiresAt + this.#options.idleTimeoutMs
  }

  #tooLarge(bytes: number): SessionError {
    const room = roomIn(this.#options.name)
    const problem = `the cookie of ${this.#type} would have ${bytes} bytes, and has room for ${room}`
    const mend = `keep it in the database (strategy "database"), or have the issuer put less into its access tokens`
    return new SessionError("ERR_COOKIE_TOO_LARGE", `${problem}: ${mend}`)
  }
}

// the same for all that can be wrong with it
const REFUSED =
  "a cookie is not as this application has written it for this purpose: delete the token of its type, or sign in again"

function isOfAnother(content: CookieContent, userId: string | undefined): boolean {
  return userId !== undefined && content.userId !== undefined && content.userId !== userId
}
