import { Socket } from "node:net"
import type { FastifyInstance, FastifyRequest } from "fastify"
import type { ApiKey } from "./api-key.js"
import { bearerIn } from "./bearer.js"
import type { ExpiringSecrets } from "./expiring-secrets.js"
import type { Listeners } from "./listeners.js"
import { Refusal } from "./refusal.js"

/**
 * What a request over TCP must bring. A page: nothing, since a browser asks for it. A code: it proves itself by its body, or asks whether it can. Else the API
 * key or a session on the dashboard; a session neither gets at tokens themselves nor puts others in their place: that needs the key.
 */
export type Access = "page" | "code" | "session" | "key"

declare module "fastify" {
  interface FastifyContextConfig {
    /** Default: `session`. */
    readonly access?: Access
  }
}

export const REQUEST_HEADER = "x-evertoken-request"

export interface GuardOptions {
  readonly apiKey: ApiKey | undefined
  readonly sessions: ExpiringSecrets
  readonly listeners: Listeners
}

/**
 * Keeps web pages and other users of the host out of TCP listeners. On a socket the permissions of its directory do. A connection
 * that no listener knows is refused; what this process asks itself (`inject`) is not.
 */
export function guard(app: FastifyInstance, options: GuardOptions): void {
  app.addHook("onRequest", (request, _reply, done) => {
    done(refusalFor(request, options))
  })
}

function refusalFor(request: FastifyRequest, options: GuardOptions): Refusal | undefined {
  const { socket } = request.raw
  const origin = options.listeners.originOf(socket)
  if (origin?.kind === "socket" || (origin === undefined && !(socket instanceof Socket))) return undefined
  const { host } = request.headers
  if (host === undefined || origin?.isOwnHost(host) !== true) {
    return new Refusal("ERR_HOST_REFUSED", "the Host header does not name this server")
  }
  // fastify puts `routeOptions` together each time that they are read
  const { access = "session" } = request.routeOptions.config
  return refusalOfPage(request, { host, access }) ?? refusalOfCaller(request, access, options)
}

interface Asked {
  readonly host: string
  readonly access: Access
}

/** Of what a web page can send: a request from elsewhere, or one that the same-origin policy lets pass. */
function refusalOfPage({ method, protocol, headers }: FastifyRequest, { host, access }: Asked): Refusal | undefined {
  if (method === "OPTIONS") return new Refusal("ERR_METHOD_REFUSED", "no other origin may ask anything of this server")
  const { origin } = headers
  if (origin !== undefined && origin !== `${protocol}://${host}`) {
    return new Refusal("ERR_ORIGIN_REFUSED", "the request comes from a page of another origin")
  }
  if (access === "page" || headers[REQUEST_HEADER] === "1") return undefined
  return new Refusal("ERR_HEADER_MISSING", `the header ${REQUEST_HEADER}: 1 is missing`)
}

function refusalOfCaller({ headers }: FastifyRequest, access: Access, options: GuardOptions): Refusal | undefined {
  if (access === "page" || access === "code") return undefined
  if (options.apiKey?.isIn(headers.authorization)) return undefined
  if (!options.sessions.isValid(bearerIn(headers.authorization) ?? "")) {
    return new Refusal("ERR_UNAUTHORIZED", "the API key (authorization: Bearer KEY) is missing, or another one")
  }
  if (access === "session") return undefined
  return new Refusal("ERR_KEY_NEEDED", "a session on the dashboard does not do for this: it needs the API key")
}
