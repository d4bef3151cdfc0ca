export { ServerTokenSource } from "./server-token-source.js"
export type { ServerTokenSourceOptions } from "./server-options.js"
