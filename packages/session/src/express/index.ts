export { expressContext, expressTokens, type ExpressRequest, type ExpressResponse } from "./express-tokens.js"
