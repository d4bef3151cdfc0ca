import { shownValue } from "./shown-value.js"

/** @throws TypeError unless these are options: plain JavaScript may leave them out, or give `null`. */
export function assertOptionsObject(options: unknown): void {
  if (typeof options === "object" && options !== null) return
  throw new TypeError(`options must be an object; got ${shownValue(options)}`)
}
