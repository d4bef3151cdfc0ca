import { hashOf } from "../token-source.js"

// text takes no NUL, and an index no long text
const READABLE = /^(?!sha256-)[\x20-\x7e]{0,200}$/

/** What stands in the column `key`: the key itself, if people can read it. */
export function rowOf(key: string): string {
  return READABLE.test(key) ? key : `sha256-${hashOf(key)}`
}
