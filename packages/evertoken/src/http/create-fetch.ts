import { assertOptions, type OptionNames } from "../options-object.js"
import { BEARER_OPTIONS, bearerSettings, type BearerOptions, type RequestTokenSource } from "./bearer-options.js"
import { CarriedToken, type TokenAnswer } from "./carried-token.js"
import { isReplayable } from "./replayable.js"

type Fetch = typeof globalThis.fetch
type FetchInput = Parameters<Fetch>[0]
type FetchInit = Parameters<Fetch>[1]

/** Those of every way to carry a token, and what sends the requests. */
export interface CreateFetchOptions extends BearerOptions {
  /** What sends the requests: undici's `fetch`, say. It must drop the header along a redirect to another origin. Default: the global `fetch`. */
  readonly fetch?: Fetch | undefined
}

const NAMES: OptionNames<CreateFetchOptions> = { ...BEARER_OPTIONS, fetch: true }

/**
 * A `fetch` that presents the token of `source` to the listed origins (RFC 6750, section 2.1; for tokens bound to a key
 * RFC 9449, section 7.1). A request with an `authorization` header of its own passes through as it is. If the API
 * rejects the token with a 401, a newer one is got, once for all who were rejected, and the request is sent once more if
 * its body can be (anything but a stream); else the 401 is the answer. Along a redirect to another origin the header is
 * dropped, as the Fetch standard demands of `fetch`.
 *
 * The source is asked at every request: one that asks its issuer each time, such as a bare `ClientCredentialsSource`,
 * belongs in a `CachedTokenSource` or a `TokenWatcher`. One that spends what works once is refused.
 *
 * The function rejects as `fetch` does, and with the `TokenError` of a source that has no token. Safe to use concurrently.
 * @throws TypeError that names the option.
 */
export function createFetch(source: RequestTokenSource, options: CreateFetchOptions): Fetch {
  assertOptions("createFetch", options, NAMES)
  const settings = bearerSettings(source, options)
  const { fetch } = options
  if (fetch !== undefined && typeof fetch !== "function") throw new TypeError("fetch must be a function")
  // the global one is looked up at each call, for those who replace it later
  const send: Fetch = (input, init) => (fetch ?? globalThis.fetch)(input, init)

  return async (input, init) => {
    const url = urlOf(input)
    if (url === undefined || !settings.origins.has(url)) return send(input, init)
    // as fetch does it, all is looked at now: while a token is got the caller may change it, or reuse it for another origin
    const target = isRequest(input) ? input : url.href
    const own = headersOf(input, init)
    const given = init && { ...copyOf(init), ...(init.headers && { headers: own }) }
    if (own.has("authorization")) return send(target, given)
    const signal = signalOf(input, given)
    const carried = new CarriedToken({
      outgoing: { url, method: methodOf(input, given) },
      settings,
      patience: { signal },
    })
    for (;;) {
      const headers = new Headers(own)
      for (const [name, value] of Object.entries(await carried.headers())) headers.set(name, value)
      const response = await send(target, { ...given, headers })
      const rejection = isFrom(url.origin, response) ? carried.judge(answerOf(response)) : undefined
      if (rejection === undefined) return response
      const isMended = await carried.mend(rejection)
      signal?.throwIfAborted()
      if (!isMended || !isReplayable(input, given?.body)) return response
      // an unread body keeps its connection
      response.body?.cancel().catch(() => undefined)
    }
  }
}

function answerOf({ status, headers }: Response): TokenAnswer {
  return { status, challenge: headers.get("www-authenticate"), nonce: headers.get("dpop-nonce") }
}

/** As `fetch` does it: the headers of `init` take the place of those of the request. */
function headersOf(input: FetchInput, init: FetchInit): Headers {
  return new Headers(init?.headers ?? (isRequest(input) ? input.headers : undefined))
}

/** With what it inherits: a `Request` is a `RequestInit`, too. */
function copyOf(init: RequestInit): RequestInit {
  const copy: RequestInit = {}
  for (const name in init) Reflect.set(copy, name, Reflect.get(init, name))
  return copy
}

function methodOf(input: FetchInput, init: FetchInit): string {
  return (init?.method ?? (isRequest(input) ? input.method : "GET")).toUpperCase()
}

function signalOf(input: FetchInput, init: FetchInit): AbortSignal | undefined {
  return (init?.signal === undefined && isRequest(input) ? input.signal : init?.signal) ?? undefined
}

/** Undefined: no absolute URL; `fetch` itself will say so. */
function urlOf(input: FetchInput): URL | undefined {
  const url = isRequest(input) ? input.url : String(input)
  return URL.canParse(url) ? new URL(url) : undefined
}

function isRequest(input: FetchInput): input is Request {
  return typeof input === "object" && "url" in input
}

/** Whether the answer is from there: another origin, reached by a redirect, did not get the token that it misses. */
function isFrom(origin: string, { url }: Response): boolean {
  return url === "" || new URL(url).origin === origin
}
