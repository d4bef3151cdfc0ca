export type { Config } from "./config/config.js"
