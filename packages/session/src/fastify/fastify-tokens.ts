import { contextPer } from "../context-per.js"
import { renewOnTheWay } from "../renew-on-the-way.js"
import type { TokenContext } from "../token-context.js"
import type { TokenManager } from "../token-manager.js"
import type { TokenTypes } from "../token-types.js"

/** What is needed of a request of Fastify. */
export interface FastifyRequestLike {
  readonly headers: { readonly cookie?: string | undefined }
}

/** What is needed of a reply of Fastify. */
export interface FastifyReplyLike {
  header(name: string, value: string): unknown
}

const contextOf = contextPer()

/** The same one each time for a request. */
export function fastifyContext(request: FastifyRequestLike, reply: FastifyReplyLike): TokenContext {
  return contextOf(request, {
    cookieHeader: request.headers.cookie,
    // Fastify adds to the values of this header, and to those of no other
    appendSetCookie: (value) => void reply.header("set-cookie", value),
  })
}

/**
 * A hook (`app.addHook("onRequest", fastifyTokens(tokens))`) that renews a stale token on the way. In a handler,
 * `fastifyContext(request, reply)` is its context.
 */
export function fastifyTokens<Types extends TokenTypes>(
  manager: TokenManager<Types>,
): (request: FastifyRequestLike, reply: FastifyReplyLike) => Promise<void> {
  return (request, reply) => renewOnTheWay(manager, fastifyContext(request, reply))
}
