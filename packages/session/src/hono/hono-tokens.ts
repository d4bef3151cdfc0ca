import { contextPer } from "../context-per.js"
import { renewOnTheWay } from "../renew-on-the-way.js"
import type { TokenContext } from "../token-context.js"
import type { TokenManager } from "../token-manager.js"
import type { TokenTypes } from "../token-types.js"

/** What is needed of a context of Hono. */
export interface HonoContextLike {
  readonly req: { header(name: string): string | undefined }
  header(name: string, value: string, options: { readonly append: boolean }): void
}

const contextOf = contextPer()

/** The same one each time for a request. */
export function honoContext(c: HonoContextLike): TokenContext {
  return contextOf(c, {
    cookieHeader: c.req.header("cookie"),
    appendSetCookie: (value) => c.header("set-cookie", value, { append: true }),
  })
}

/** A middleware that renews a stale token on the way. In a handler, `honoContext(c)` is its context. */
export function honoTokens<Types extends TokenTypes>(
  manager: TokenManager<Types>,
): (c: HonoContextLike, next: () => Promise<void>) => Promise<void> {
  return async (c, next) => {
    await renewOnTheWay(manager, honoContext(c))
    await next()
  }
}
