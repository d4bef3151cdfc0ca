import { parseCookie } from "cookie"

/** How many parts of a cookie are looked for: more than are ever written. */
const CHUNK = /^\.\d$/

/**
 * The cookies of a request that are the one of this name, or parts of it, each with all its values: who reads the first one
 * only does not see that there are two.
 */
export function cookiesNamed(name: string, header: string | undefined): ReadonlyMap<string, readonly string[]> {
  const cookies = new Map<string, string[]>()
  // most requests have others only
  if (typeof header !== "string" || !header.includes(name)) return cookies
  for (const pair of header.split(";")) {
    for (const [found, value = ""] of Object.entries(parseCookie(pair, { decode: (text) => text }))) {
      const isOfName = found === name || (found.startsWith(name) && CHUNK.test(found.slice(name.length)))
      if (!isOfName) continue
      const values = cookies.get(found)
      if (values === undefined) cookies.set(found, [value])
      else values.push(value)
    }
  }
  return cookies
}
