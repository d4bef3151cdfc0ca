export { instrumentTokens, type InstrumentTokensOptions } from "./instrument-tokens.js"
