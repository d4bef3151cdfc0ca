import { readFileSync } from "node:fs"
import { memberOf } from "./config/member-of.js"

/** Of this package. */
export function version(): string {
  return String(memberOf(JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")), "version"))
}
