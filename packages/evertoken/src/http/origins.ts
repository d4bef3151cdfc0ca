import { isSecureUrl } from "../secure-url.js"

/**
 * Origins as the URL standard writes them (`https://API.example.com:443/` is `https://api.example.com`).
 * @throws TypeError that says what is no origin to which a token may go.
 */
export function originsOf(origins: readonly string[]): ReadonlySet<string> {
  if (!Array.isArray(origins) || origins.length === 0) {
    throw new TypeError('origins must list the origins that get the token, such as ["https://api.example.com"]')
  }
  return new Set(origins.map(originOf))
}

function originOf(origin: unknown): string {
  if (typeof origin !== "string" || !URL.canParse(origin)) throw notAnOrigin("something that is no URL")
  const url = new URL(origin)
  if (url.username !== "" || url.password !== "") throw notAnOrigin("a URL with a user name or password")
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "")
    throw notAnOrigin(`more than the origin ${url.origin}`)
  if (url.hostname.includes("*")) throw notAnOrigin(`a pattern, ${url.origin}`)
  if (!isSecureUrl(url)) throw notAnOrigin(`${url.protocol}//${url.host}, where a token would travel in the clear`)
  return url.origin
}

function notAnOrigin(what: string): TypeError {
  return new TypeError(`origins must hold https origins (http for this machine only), each exact; got ${what}`)
}
