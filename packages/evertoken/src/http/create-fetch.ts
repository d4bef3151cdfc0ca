import { assertOptionsObject } from "../options-object.js"
import type { TokenSource } from "../token-source.js"
import type { Token } from "../token.js"
import { originsOf } from "./origins.js"
import { isReplayable } from "./replayable.js"

type Fetch = typeof globalThis.fetch
type FetchInput = Parameters<Fetch>[0]
type FetchInit = Parameters<Fetch>[1]

export interface CreateFetchOptions {
  /**
   * Where the token goes, each an exact origin such as `"https://api.example.com"`; `http` for this machine only.
   * Requests to any other origin pass through without it.
   */
  readonly origins: readonly string[]
  /** What sends the requests. Default: the global `fetch`. */
  readonly fetch?: Fetch | undefined
}

/** A source that can be told that a token is no good, such as a `TokenWatcher`. */
interface Invalidating {
  invalidate(token: Token): unknown
}

/**
 * A `fetch` that presents the token of `source` to the listed origins (RFC 6750, section 2.1). A request with an
 * `authorization` header of its own passes through as it is. On 401 the token is renewed once, and the request sent
 * once more if its body can be (anything but a stream); if there is no other token, the 401 is the answer. Along a
 * redirect to another origin the header is dropped, as the Fetch standard demands of `fetch`.
 *
 * The source is asked at every request: one that asks its issuer each time, such as a bare `ClientCredentialsSource`,
 * belongs in a `CachedTokenSource` or a `TokenWatcher`. One that spends what works once is refused.
 *
 * The function rejects as `fetch` does, and with the `TokenError` of a source that has no token. Safe to use concurrently.
 * @throws TypeError that names the option.
 */
export function createFetch(source: TokenSource, options: CreateFetchOptions): Fetch {
  if (!isTokenSource(source)) throw new TypeError("source must be a token source, with getToken()")
  if (source.singleUse) {
    throw new TypeError(
      "source spends a refresh token that works once: wrap it in a CachedTokenSource with a durable cache",
    )
  }
  assertOptionsObject(options)
  const { origins, fetch } = options
  if (fetch !== undefined && typeof fetch !== "function") throw new TypeError("fetch must be a function")
  const allowed = originsOf(origins)
  // the global one is looked up at each call, for those who replace it later
  const send: Fetch = (input, init) => (fetch ?? globalThis.fetch)(input, init)

  return async (input, init) => {
    const origin = originOf(input)
    if (origin === undefined || !allowed.has(origin) || headersOf(input, init).has("authorization"))
      return send(input, init)
    const signal = signalOf(input, init)
    const token = await source.getToken({ signal })
    const response = await send(input, withToken(token, input, init))
    if (response.status !== 401 || !isFrom(origin, response)) return response

    const newer = await renewedAfter(token, source, signal)
    if (newer === undefined || !isReplayable(input, init?.body)) return response
    // an unread body keeps its connection
    await response.body?.cancel().catch(() => undefined)
    return send(input, withToken(newer, input, init))
  }
}

/** Undefined if there is none: the caller gets to see the 401 itself. */
async function renewedAfter(
  rejected: Token,
  source: TokenSource,
  signal: AbortSignal | undefined,
): Promise<Token | undefined> {
  try {
    if (isInvalidating(source)) source.invalidate(rejected)
    const newer = await source.getToken({ newerThan: rejected, signal })
    return newer.accessToken === rejected.accessToken ? undefined : newer
  } catch {
    signal?.throwIfAborted()
    return undefined
  }
}

function isTokenSource(value: unknown): value is TokenSource {
  return typeof value === "object" && value !== null && "getToken" in value && typeof value.getToken === "function"
}

function isInvalidating(source: object): source is Invalidating {
  return "invalidate" in source && typeof source.invalidate === "function"
}

function withToken(token: Token, input: FetchInput, init: FetchInit): FetchInit {
  const headers = headersOf(input, init)
  headers.set("authorization", token.authorization)
  return { ...init, headers }
}

/** As `fetch` does it: the headers of `init` take the place of those of the request. */
function headersOf(input: FetchInput, init: FetchInit): Headers {
  return new Headers(init?.headers ?? (isRequest(input) ? input.headers : undefined))
}

function signalOf(input: FetchInput, init: FetchInit): AbortSignal | undefined {
  return (init?.signal === undefined && isRequest(input) ? input.signal : init?.signal) ?? undefined
}

/** Undefined: no absolute URL; `fetch` itself will say so. */
function originOf(input: FetchInput): string | undefined {
  const url = isRequest(input) ? input.url : String(input)
  return URL.canParse(url) ? new URL(url).origin : undefined
}

function isRequest(input: FetchInput): input is Request {
  return typeof input === "object" && "url" in input
}

/** Whether the answer is from there: another origin, reached by a redirect, did not get the token that it misses. */
function isFrom(origin: string, { url }: Response): boolean {
  return url === "" || new URL(url).origin === origin
}
