import type { TokenContext } from "./token-context.js"

/** One context for each request, however often it is asked for: what was set in it is in it. */
export function contextPer<Req extends object>(): (request: Req, context: TokenContext) => TokenContext {
  const contexts = new WeakMap<Req, TokenContext>()
  return (request, context) => {
    const known = contexts.get(request) ?? context
    contexts.set(request, known)
    return known
  }
}
