import { isSecureUrl } from "../secure-url.js"

const MOST_REMEMBERED = 1_000

/** The origins to which a token may go. */
export class Origins {
  readonly #exact = new Set<string>()
  /** `https://` and `.example.com:8443`: what a sub-domain's origin begins and ends with. */
  readonly #wildcards: { readonly scheme: string; readonly suffix: string }[] = []
  /** What became of those that were asked for: few origins get many requests. */
  readonly #admitted = new Map<string, string | undefined>()

  /** @throws TypeError that says what is no origin to which a token may go. */
  constructor(origins: readonly string[]) {
    if (!Array.isArray(origins) || origins.length === 0) {
      throw new TypeError('origins must list the origins that get the token, such as ["https://api.example.com"]')
    }
    for (const origin of origins) this.#add(origin)
  }

  /** Whether a request to this URL may carry the token. */
  has({ origin }: URL): boolean {
    return (
      this.#exact.has(origin) ||
      this.#wildcards.some(({ scheme, suffix }) => origin.startsWith(scheme) && origin.endsWith(suffix))
    )
  }

  /**
   * The origin as URLs write it, if a request there may carry the token.
   * @throws TypeError if it is no URL.
   */
  admitted(origin: string | URL): string | undefined {
    const text = String(origin)
    if (!this.#admitted.has(text)) this.#admit(text)
    return this.#admitted.get(text)
  }

  #admit(text: string): void {
    const url = new URL(text)
    // whoever asks for a new one each time must not fill the memory
    if (this.#admitted.size >= MOST_REMEMBERED) this.#admitted.clear()
    this.#admitted.set(text, this.has(url) ? url.origin : undefined)
  }

  #add(origin: unknown): void {
    if (typeof origin !== "string") throw notAnOrigin("something that is no URL")
    const wildcard = /^(https?:\/\/)\*\.(.+)$/is.exec(origin)
    if (wildcard?.[1] === undefined || wildcard[2] === undefined) {
      this.#exact.add(originOf(origin))
      return
    }
    const scheme = wildcard[1].toLowerCase()
    const domain = originOf(scheme + wildcard[2])
    const { hostname } = new URL(domain)
    if (!hostname.includes(".") || /^[\d.]+$/.test(hostname)) throw notAnOrigin(`every host of ${hostname}`)
    this.#wildcards.push({ scheme, suffix: `.${domain.slice(scheme.length)}` })
  }
}

function originOf(origin: string): string {
  if (!URL.canParse(origin)) throw notAnOrigin("something that is no URL")
  const url = new URL(origin)
  if (url.username !== "" || url.password !== "") throw notAnOrigin("a URL with a user name or password")
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "")
    throw notAnOrigin(`more than the origin ${url.origin}`)
  if (url.hostname.includes("*")) throw notAnOrigin(`a pattern, ${url.origin}`)
  if (!isSecureUrl(url)) throw notAnOrigin(`${url.protocol}//${url.host}, where a token would travel in the clear`)
  return url.origin
}

function notAnOrigin(what: string): TypeError {
  return new TypeError(
    'origins must hold https origins (http for this machine only), each exact or with all its sub-domains, such as "https://*.example.com"; got ' +
      what,
  )
}
