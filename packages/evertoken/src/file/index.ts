export { FileTokenCache, type FileTokenCacheOptions, type FileTokenCacheTarget } from "./file-token-cache.js"
export { FileTokenSource, type FileTokenSourceOptions } from "./file-token-source.js"
