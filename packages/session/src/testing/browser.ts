import type { TokenContext } from "../token-context.js"

/** Keeps cookies as a browser does, as far as the tokens need it: names, values, and which are gone. */
export class Browser {
  readonly cookies = new Map<string, string>()

  /** A request, and its response to come. */
  request(userId?: string): TokenContext {
    return {
      cookieHeader: this.cookieHeader,
      appendSetCookie: (value) => this.take(value),
      userId,
    }
  }

  get cookieHeader(): string | undefined {
    if (this.cookies.size === 0) return undefined
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ")
  }

  take(setCookie: string): void {
    const [pair = "", ...attributes] = setCookie.split("; ")
    const [name = ""] = pair.split("=", 1)
    if (attributes.includes("Max-Age=0")) this.cookies.delete(name)
    else this.cookies.set(name, pair.slice(name.length + 1))
  }
}
