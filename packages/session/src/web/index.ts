export { webContext, withTokens, type TokenHandler } from "./with-tokens.js"
