export { honoContext, honoTokens, type HonoContextLike } from "./hono-tokens.js"
