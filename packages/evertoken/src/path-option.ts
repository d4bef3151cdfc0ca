import { resolve } from "node:path"
import { shownValue } from "./shown-value.js"

/** @throws TypeError that begins with `demand`. */
export function pathOf(path: unknown, demand: string): string {
  if (path === undefined || path === "") {
    const got = path === "" ? "an empty string" : "undefined"
    throw new TypeError(`${demand}; got ${got}. Is the environment variable that it comes from set?`)
  }
  if (typeof path !== "string") throw new TypeError(`${demand}; got ${shownValue(path)}`)
  if (path.includes("\0")) throw new TypeError(`${demand}; got one with a NUL character`)
  return resolve(path)
}
