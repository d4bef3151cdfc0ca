import type { Dispatcher } from "undici"
import type { Clock } from "../clock.js"
import { madeOf } from "../credential-texts.js"
import { exchangeByDispatcher, exchangeByFetch, freshConnections } from "./http-exchange.js"
import { IssuerClient } from "./issuer-client.js"
import type { IssuerOptions } from "./issuer-options.js"
import { assertUsable, tlsTextsOf, type TlsCredentials } from "./tls-credentials.js"

/** How requests to an issuer are sent, as the options say. */
export interface IssuerConnections {
  readonly client: IssuerClient
  /** What connects: the same object for all whose answers are the same. */
  readonly connector: object
}

/**
 * @param options asserted before
 * @throws TypeError that names the option.
 */
export function issuerConnectionsOf(options: IssuerOptions, clock: Clock): IssuerConnections {
  const { fetch, timeoutMs = 8_000, maximumResponseBytes = 1_048_576 } = options
  const limits = { timeoutMs, maximumResponseBytes, clock }
  const certified = certifiedConnections(options, timeoutMs)
  if (fetch) {
    return {
      client: new IssuerClient({ exchange: exchangeByFetch(fetch), tellsSending: false }, limits),
      connector: fetch,
    }
  }
  const clientBy = (connections: () => Promise<Dispatcher>) =>
    new IssuerClient({ exchange: exchangeByDispatcher(connections), tellsSending: true }, limits)
  if (certified) return { client: clientBy(certified), connector: certified }
  const { dispatcher = freshConnections(timeoutMs) } = options
  return { client: clientBy(async () => dispatcher), connector: dispatcher }
}

function certifiedConnections(options: IssuerOptions, timeoutMs: number): (() => Promise<Dispatcher>) | undefined {
  const tls = tlsTextsOf(options)
  if (tls === undefined) return undefined
  return madeOf({ ...tls }, (credentials: TlsCredentials) => {
    assertUsable(credentials)
    return freshConnections(timeoutMs, credentials)
  })
}
