import type { TokenContext } from "./token-context.js"

const SHOWN = { cookieHeader: "[redacted]" }

/** Shows no cookie when it is logged; a copy of it (`{ ...context, userId }`) does not, either. */
export function requestContext(context: TokenContext): TokenContext {
  return Object.assign(context, {
    [Symbol.for("nodejs.util.inspect.custom")]: () => SHOWN,
    toJSON: () => SHOWN,
  })
}
