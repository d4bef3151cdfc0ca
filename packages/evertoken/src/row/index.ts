export { RowTokenCache, type RowTokenCacheOptions } from "./row-token-cache.js"
export type { Rows } from "./rows.js"
