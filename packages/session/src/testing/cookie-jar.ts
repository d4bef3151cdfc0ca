import assert from "node:assert/strict"
import { parseSetCookie } from "cookie"
import type { TokenContext } from "../token-context.js"

const PREFIX = /^__(?:host|secure)-/i

/** A request of a {@link CookieJar}, and the headers `Set-Cookie` of its response. */
export interface JarRequest extends TokenContext {
  readonly written: readonly string[]
}

/** Keeps the cookies of one host as RFC 6265bis (section 5.6) has it, and fails on one that a browser would not keep. */
export class CookieJar {
  readonly #cookies = new Map<string, { readonly value: string; readonly endsAt: number }>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  /** The names, in their order. */
  get names(): readonly string[] {
    return [...this.#current()].map(([name]) => name).sort()
  }

  value(name: string): string | undefined {
    return new Map(this.#current()).get(name)
  }

  /** With this header `Cookie`, where it is given. The response takes effect as it is written. */
  request(cookieHeader = this.header): JarRequest {
    const written: string[] = []
    const appendSetCookie = (header: string) => {
      written.push(header)
      this.take(header)
    }
    return { cookieHeader, appendSetCookie, written }
  }

  get header(): string | undefined {
    const pairs = this.#current().map(([name, value]) => `${name}=${value}`)
    return pairs.length === 0 ? undefined : pairs.join("; ")
  }

  take(header: string): void {
    const {
      name,
      value = "",
      maxAge,
      expires,
      path,
      domain,
      secure,
    } = parseSetCookie(header, { decode: (text) => text })
    assert.ok(Buffer.byteLength(header) <= 4_096, "a cookie has at most 4,096 bytes, its attributes included")
    assert.match(value, /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/, "a value is made of cookie-octets")
    if (PREFIX.test(name)) assert.ok(secure === true && path === "/" && domain === undefined, "a prefix is kept")
    assert.ok(maxAge !== undefined && expires !== undefined)
    const endsAt = this.#now() + maxAge * 1000
    if (maxAge > 0) assert.ok(Math.abs(expires.getTime() - endsAt) < 1000, "Max-Age and Expires say the same")
    if (maxAge > 0) this.#cookies.set(name, { value, endsAt })
    else this.#cookies.delete(name)
  }

  #current(): readonly [name: string, value: string][] {
    const kept = [...this.#cookies].filter(([, { endsAt }]) => endsAt > this.#now())
    return kept.map(([name, { value }]) => [name, value])
  }
}
