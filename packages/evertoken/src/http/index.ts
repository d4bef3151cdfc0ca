export type { BearerOptions, OutgoingRequest, RequestTokenSource } from "./bearer-options.js"
export { bearerToken } from "./bearer-token.js"
export { createFetch, type CreateFetchOptions } from "./create-fetch.js"
