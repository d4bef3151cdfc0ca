import { X509Certificate } from "node:crypto"
import { readFile } from "node:fs/promises"
import { createSecureContext } from "node:tls"
import type { FastifyInstance } from "fastify"
import type { Config } from "../config/config.js"
import { isLoopback } from "../config/loopback.js"
import { ListenError, listening } from "./listen-error.js"
import type { Certificate } from "./listeners.js"
import { TcpOrigin } from "./tcp-origin.js"

export type TcpConfig = Omit<NonNullable<Config["listen"]["tcp"]>, "apiKey">

export interface ListenOnTcpOptions {
  /** Another address than this machine's own will do, with TLS. */
  readonly unsafeBind?: boolean
}

/**
 * Listens on TCP, for clients that bring the API key.
 * @returns where a browser of this machine finds it. @throws ListenError if it would be unsafe, or is not possible.
 */
export async function listenOnTcp(
  app: FastifyInstance,
  { port, address: configured, tls }: TcpConfig,
  { unsafeBind = false }: ListenOnTcpOptions = {},
): Promise<string> {
  await app.ready()
  const { listeners } = app
  // what the name stands for is not left to a resolver
  const address = configured === "localhost" ? "127.0.0.1" : configured.replace(/^\[(.+)\]$/, "$1")
  if (!listeners.hasApiKey) throw new ListenError("a TCP port needs an API key", "Set listen.tcp.apiKey.")
  if (!isLoopback(address) && !(unsafeBind && tls)) {
    const hint = "Use 127.0.0.1; or, if others must reach it, set listen.tcp.tls and give --unsafe-bind."
    throw new ListenError(`${address} can be reached from other machines`, hint)
  }
  const credentials = tls && (await read(tls))
  const certificate = credentials?.certificate
  let origin = new TcpOrigin({ port, address, certificate })
  const server = listeners.create(() => origin, credentials)
  await listening(server, { port, host: address }, `${address} port ${port}`)
  const bound = server.address()
  if (typeof bound === "object" && bound !== null) {
    origin = new TcpOrigin({ port: bound.port, address, certificate })
  }
  listeners.opened(origin.url)
  return origin.url
}

interface Credentials extends Certificate {
  readonly certificate: X509Certificate
}

async function read(files: NonNullable<TcpConfig["tls"]>): Promise<Credentials> {
  const cert = await readPem("certificate", files.certificate)
  const key = await readPem("key", files.key)
  try {
    createSecureContext({ cert, key })
    return { cert, key, certificate: new X509Certificate(cert) }
  } catch {
    const hint = "Both must be PEM, the key not encrypted, and belong together."
    throw new ListenError(`the certificate ${files.certificate} and its key cannot be used`, hint)
  }
}

async function readPem(what: string, path: string): Promise<string> {
  try {
    return await readFile(path, "utf8")
  } catch {
    throw new ListenError(`cannot read the ${what} ${path}`, `Look at listen.tcp.tls.${what}.`)
  }
}
