/** What a user does at the issuer's pages. */
export interface ScriptedUserOptions {
  /** The account. Default `alice`. */
  readonly login?: string
  /** What is done when asked to agree. Default `"agrees"`. */
  readonly answer?: "agrees" | "cancels"
}

interface Page {
  readonly url: URL
  readonly html: string
}

const MOST_PAGES = 20

/** A user at a browser without scripts: follows redirects, keeps cookies, fills in the forms of `RealIssuer`. */
export class ScriptedUser {
  readonly #login: string
  readonly #cancels: boolean
  readonly #cookies = new Map<string, string>()

  constructor({ login = "alice", answer = "agrees" }: ScriptedUserOptions = {}) {
    this.#login = login
    this.#cancels = answer === "cancels"
  }

  /**
   * Goes where the program says, and does what the pages ask for.
   * @returns where the issuer sends the browser in the end, unvisited; or undefined if it ends at a page of the issuer's.
   */
  async visit(url: string): Promise<URL | undefined> {
    const { origin } = new URL(url)
    let next: Request | undefined = new Request(url)
    for (let pages = 0; next !== undefined && pages < MOST_PAGES; pages++) {
      if (new URL(next.url).origin !== origin) return new URL(next.url)
      next = await this.#open(next)
    }
    return undefined
  }

  async #open(request: Request): Promise<Request | undefined> {
    request.headers.set("cookie", [...this.#cookies].map((cookie) => cookie.join("=")).join("; "))
    const response = await fetch(request, { redirect: "manual" })
    for (const cookie of response.headers.getSetCookie()) this.#keep(cookie)
    const location = response.headers.get("location")
    if (location !== null) return new Request(new URL(location, request.url))
    return this.#answer({ url: new URL(request.url), html: await response.text() })
  }

  #keep(cookie: string): void {
    const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
    if (value === "") this.#cookies.delete(name)
    else this.#cookies.set(name, value)
  }

  #answer({ url, html }: Page): Request | undefined {
    const cancel = /href="([^"]+)">\[ Cancel \]/.exec(html)?.[1]
    if (this.#cancels && cancel !== undefined) return new Request(new URL(textOf(cancel), url))
    const form = /<form[^>]*action="([^"]*)"/.exec(html)
    if (form === null) return undefined
    const inputs = [...html.matchAll(/<input[^>]*>/g)].map(([input]): [string, string] => [
      attribute(input, "name"),
      attribute(input, "value"),
    ])
    const fields = new URLSearchParams(inputs.filter(([name]) => name !== ""))
    if (fields.has("login")) fields.set("login", this.#login)
    if (fields.has("password")) fields.set("password", "any will do")
    return new Request(new URL(textOf(form[1] ?? ""), url), { method: "POST", body: fields })
  }
}

function attribute(input: string, name: string): string {
  return textOf(new RegExp(`\\b${name}="([^"]*)"`).exec(input)?.[1] ?? "")
}

function textOf(attribute: string): string {
  return attribute.replaceAll("&amp;", "&").replaceAll("&quot;", '"')
}
