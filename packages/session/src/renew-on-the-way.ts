import type { TokenContext } from "./token-context.js"
import type { TokenManager } from "./token-manager.js"
import type { TokenTypes } from "./token-types.js"

/**
 * What the middleware of each framework does before a request is handled: if the cookie's token is stale it is renewed, and
 * the cookie set anew. Never rejects: a request that needs a token asks for it, and is told why there is none.
 */
export async function renewOnTheWay<Types extends TokenTypes>(
  manager: TokenManager<Types>,
  context: TokenContext,
): Promise<void> {
  if (context.cookieHeader === undefined) return
  await manager.accessToken(context).catch(() => undefined)
}
