import { hashOf } from "../token-source.js"

// text takes no NUL, and an index no long text
const READABLE = /^(?!sha256-)[\x20-\x7e]{0,200}$/

/** What stands in the columns `key` and `what`: the text itself, if people can read it. */
export function rowOf(text: string): string {
  return READABLE.test(text) ? text : `sha256-${hashOf(text)}`
}
