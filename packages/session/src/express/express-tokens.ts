import { contextPer } from "../context-per.js"
import { renewOnTheWay } from "../renew-on-the-way.js"
import type { TokenContext } from "../token-context.js"
import type { TokenManager } from "../token-manager.js"
import type { TokenTypes } from "../token-types.js"

/** What is needed of a request of Express, or of Node.js itself. */
export interface ExpressRequest {
  readonly headers: { readonly cookie?: string | undefined }
}

/** What is needed of a response of Express, or of Node.js itself. */
export interface ExpressResponse {
  appendHeader(name: string, value: string): unknown
}

const contextOf = contextPer()

/** The same one each time for a request. */
export function expressContext(request: ExpressRequest, response: ExpressResponse): TokenContext {
  return contextOf(request, {
    cookieHeader: request.headers.cookie,
    appendSetCookie: (value) => void response.appendHeader("set-cookie", value),
  })
}

/** A middleware that renews a stale token on the way. In a handler, `expressContext(request, response)` is its context. */
export function expressTokens<Types extends TokenTypes>(
  manager: TokenManager<Types>,
): (request: ExpressRequest, response: ExpressResponse, next: () => void) => Promise<void> {
  return async (request, response, next) => {
    await renewOnTheWay(manager, expressContext(request, response))
    next()
  }
}
