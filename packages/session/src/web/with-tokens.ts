import { renewOnTheWay } from "../renew-on-the-way.js"
import { requestContext } from "../request-context.js"
import type { TokenContext } from "../token-context.js"
import type { TokenManager } from "../token-manager.js"
import type { TokenTypes } from "../token-types.js"

/** A handler of the web's own kind (Fetch standard), and what it is about: a route handler of Next.js is one. */
export type TokenHandler<Req extends Request, Rest extends unknown[]> = (
  request: Req,
  context: TokenContext,
  ...rest: Rest
) => Response | Promise<Response>

/**
 * The context of a request of the Fetch standard.
 * @param headers of the response to come: what is set in cookies is appended there.
 */
export function webContext(request: Request, headers: Headers, userId?: string): TokenContext {
  return requestContext({
    cookieHeader: request.headers.get("cookie") ?? undefined,
    appendSetCookie: (value) => headers.append("set-cookie", value),
    userId,
  })
}

/**
 * A handler whose stale token is renewed on the way. What it does with tokens is in the headers of its response. The
 * response it gives may be one that cannot be changed, such as that of a `fetch`.
 */
export function withTokens<Types extends TokenTypes, Req extends Request, Rest extends unknown[]>(
  manager: TokenManager<Types>,
  handler: TokenHandler<Req, Rest>,
): (request: Req, ...rest: Rest) => Promise<Response> {
  return async (request, ...rest) => {
    const headers = new Headers()
    const context = webContext(request, headers)
    await renewOnTheWay(manager, context)
    const response = await handler(request, context, ...rest)
    const cookies = headers.getSetCookie()
    if (cookies.length === 0) return response
    const answer = new Response(response.body, response)
    for (const cookie of cookies) answer.headers.append("set-cookie", cookie)
    return answer
  }
}
