import type { Dispatcher } from "undici"
import { assertOptions } from "../options-object.js"
import {
  BEARER_OPTIONS,
  bearerSettings,
  type BearerOptions,
  type OutgoingRequest,
  type RequestTokenSource,
} from "./bearer-options.js"
import { sendWithToken } from "./bearer-request.js"
import { flatHeaders, hasHeader, withHeaders } from "./request-headers.js"

/**
 * An undici interceptor that presents the token of `source` to the listed origins (RFC 6750, section 2.1; for tokens
 * bound to a key RFC 9449, section 7.1): `new Agent().compose(bearerToken(source, { origins }))`, with undici 7 or newer.
 *
 * A request to another origin, a `CONNECT`, or one with an `authorization` header of its own passes through as it is. If
 * the API rejects the token with a 401, a newer one is got, once for all who were rejected, and the request is sent once
 * more if its body can be (anything but a stream or an iterable; undici's `fetch` makes one of every body); else the 401
 * is the answer. In `compose(bearerToken(…), interceptors.redirect(…))` each request of the chain is judged by its own
 * origin; the other way round `redirect` drops the header along a redirect to another origin, whose 401 is the answer.
 *
 * The source is asked at every request: one that asks its issuer each time belongs in a `CachedTokenSource` or a
 * `TokenWatcher`. One that spends what works once is refused. A request fails as the dispatcher says, or with the
 * `TokenError` of a source that has no token. Safe to use concurrently.
 * @throws TypeError that names the option.
 */
export function bearerToken(
  source: RequestTokenSource,
  options: BearerOptions,
): Dispatcher.DispatcherComposeInterceptor {
  assertOptions("bearerToken", options, BEARER_OPTIONS)
  const settings = bearerSettings(source, options)
  return (dispatch) => (options, handler) => {
    if (handler.onRequestStart === undefined) throw new TypeError("bearerToken needs a dispatcher of undici 7 or newer")
    const { origin, method } = options
    if (origin === undefined) {
      throw new TypeError("a request has no origin, and may not get the token: compose an Agent, or give it its origin")
    }
    const admitted = settings.origins.admitted(origin)
    if (method === "CONNECT" || admitted === undefined) return dispatch(options, handler)
    // while a token is got the caller may reuse the object for another origin; an iterator of headers can be read once
    const headers = flatHeaders(options.headers)
    const request = withHeaders(options, headers)
    request.origin = admitted
    if (hasHeader(headers, "authorization")) return dispatch(request, handler)
    const outgoing = new DispatchedRequest(admitted, options)
    sendWithToken({ dispatch, request, headers, handler, outgoing, settings })
    return true
  }
}

/** Makes a URL of a request only for those who want to know it. */
class DispatchedRequest implements OutgoingRequest {
  readonly method: string
  readonly #origin: string
  readonly #path: string

  constructor(origin: string, { path, method }: Dispatcher.DispatchOptions) {
    this.method = method.toUpperCase()
    this.#origin = origin
    this.#path = path
  }

  // "//evil.example.com/" is a path here, though relative to an origin it would be another one
  get url(): URL {
    return new URL(this.#path.startsWith("/") ? this.#origin + this.#path : this.#origin)
  }
}
