import { requestContext } from "./request-context.js"
import type { TokenContext } from "./token-context.js"

/** One context for each request, however often it is asked for: what was set in it is in it. */
export function contextPer(): (request: object, context: TokenContext) => TokenContext {
  const contexts = new WeakMap<object, TokenContext>()
  return (request, context) => {
    const known = contexts.get(request) ?? requestContext(context)
    contexts.set(request, known)
    return known
  }
}
