import { EnvHttpProxyAgent, request as undiciRequest, type Dispatcher } from "undici"
import type { TlsCredentials } from "./tls-credentials.js"

export interface HttpRequest {
  readonly url: string
  readonly method: "GET" | "POST"
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | undefined
}

/** An answer whose body is still on its way. */
export interface HttpResponse {
  readonly status: number
  readonly header: (name: string) => string | undefined
  readonly body: AsyncIterable<Uint8Array>
  /** What the reader of the body has to undo. */
  readonly contentEncoding: string | undefined
}

/** Sends one request, once, following no redirect. `onSending` is called when the first byte is about to leave. */
export type HttpExchange = (
  request: HttpRequest,
  options: { readonly signal: AbortSignal; readonly onSending: () => void },
) => Promise<HttpResponse>

/** A fetch of the application's own. It does not tell when it sends. */
export function exchangeByFetch(fetch: typeof globalThis.fetch): HttpExchange {
  return async ({ url, method, headers, body = null }, { signal }) => {
    const response = await fetch(url, { method, headers: { ...headers }, body, redirect: "manual", signal })
    return {
      // what a browser-like fetch makes of a redirect that it must not follow
      status: response.type === "opaqueredirect" ? 302 : response.status,
      header: (name) => response.headers.get(name) ?? undefined,
      body: response.body ?? noBody(),
      contentEncoding: undefined,
    }
  }
}

/**
 * By undici's dispatcher, not its fetch: fetch sends again by itself after a 421 (Fetch standard, HTTP-network-or-cache
 * fetch, step 15), and here a request may spend something that works once.
 */
export function exchangeByDispatcher(connections: () => Promise<Dispatcher>): HttpExchange {
  return async ({ url, method, headers, body = null }, { signal, onSending }) => {
    const dispatcher = await connections()
    const answer = await undiciRequest(url, {
      dispatcher: dispatcher.compose(tellingWhenSending(onSending)),
      method,
      headers: { ...headers, "accept-encoding": "identity" },
      body,
      signal,
      // the deadline of the whole is the caller's
      headersTimeout: 0,
      bodyTimeout: 0,
    })
    const header = (name: string) => [answer.headers[name]].flat()[0]
    return { status: answer.statusCode, header, body: answer.body, contentEncoding: header("content-encoding") }
  }
}

const agents = new Map<number, Dispatcher>()

/**
 * Opens a connection for each request and closes it after: a kept one may be dead, and whether a request on a dead
 * connection was processed nobody knows. Shared by all sources of the process, but for those with credentials. The
 * environment variables HTTPS_PROXY and NO_PROXY (or in lower case) say by which proxy.
 * @throws TypeError if HTTPS_PROXY is no URL.
 */
export function freshConnections(connectTimeoutMs: number, credentials?: TlsCredentials): Dispatcher {
  // none is ever closed: it keeps no connection once its requests are answered
  if (credentials) return newAgent({ timeout: connectTimeoutMs, ...credentials })
  let agent = agents.get(connectTimeoutMs)
  if (!agent) {
    agent = newAgent({ timeout: connectTimeoutMs })
    agents.set(connectTimeoutMs, agent)
  }
  return agent
}

function newAgent(tls: { readonly timeout: number } & TlsCredentials): Dispatcher {
  const { timeout } = tls
  const connections = { pipelining: 0, keepAliveTimeout: 1, connect: tls, requestTls: tls, proxyTls: { timeout } }
  try {
    // http is for this very machine: what a proxy got of it would travel in the clear, and to its own loopback
    return new EnvHttpProxyAgent({ ...connections, httpProxy: "" })
  } catch {
    throw new TypeError("the environment variable HTTPS_PROXY must be a URL such as http://proxy.example.com:3128")
  }
}

// undici calls this handler once the connection stands, just before it writes; by another name in its older majors
const SENDING: ReadonlySet<PropertyKey> = new Set(["onRequestStart", "onConnect"])

function tellingWhenSending(onSending: () => void): Dispatcher.DispatcherComposeInterceptor {
  const telling = <H extends object>(handler: H): H =>
    new Proxy(handler, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name)
        if (typeof member !== "function") return member
        return (...args: unknown[]): unknown => {
          if (SENDING.has(name)) onSending()
          return Reflect.apply(member, target, args)
        }
      },
    })
  return (dispatch) => (options, handler) => dispatch(options, telling(handler))
}

async function* noBody(): AsyncGenerator<Uint8Array> {}
