import type { Token } from "../../token.js"

// a request is answered long before so many newer tokens have come
const REMEMBERED = 16

/** Tells the token of a request that was rejected from an `authorization` header that somebody else has set. */
export class RejectedTokens {
  readonly #given = new Map<string, Token>()

  /** A token that requests are sent with. */
  remember(token: Token): void {
    this.#given.delete(token.authorization)
    this.#given.set(token.authorization, token)
    const [oldest] = this.#given.keys()
    if (oldest !== undefined && this.#given.size > REMEMBERED) this.#given.delete(oldest)
  }

  /** The token that this 401 is about; undefined: it is not about one of ours, or the request cannot be sent again. */
  of(
    { status, url }: Response,
    request: { readonly input: string | URL; readonly init: RequestInit | undefined },
  ): Token | undefined {
    const { input, init } = request
    // along a redirect to another origin the header was dropped
    const isFromThere = url === "" || new URL(url).origin === new URL(input).origin
    if (status !== 401 || !isFromThere || init?.body instanceof ReadableStream) return undefined
    return this.#given.get(new Headers(init?.headers).get("authorization") ?? "")
  }
}
