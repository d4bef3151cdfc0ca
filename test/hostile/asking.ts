import { setTimeout as wait } from "node:timers/promises"
import type { TokenSource } from "evertoken"
import { ClientCredentialsSource, RefreshTokenSource, type TokenEndpointOptions } from "evertoken/oauth2"
import { CANARIES, CLIENT_ID } from "./canaries.js"
import type { Grant } from "./hostile-case.js"

/** A source of this grant, with canaries for secrets. */
export function sourceOf(grant: Grant, options: Partial<TokenEndpointOptions>): TokenSource {
  const all = { clientId: CLIENT_ID, clientSecret: CANARIES.clientSecret, ...options }
  if (grant === "client_credentials") return new ClientCredentialsSource(all)
  return new RefreshTokenSource({ ...all, refreshToken: CANARIES.refreshToken })
}

/** Long enough for any machine: whoever has not ended by then never will. */
const GENEROUS_MS = 30_000

/** What comes of the promise, or of its failure; an error if neither comes. */
export async function endOf<T>(promise: Promise<T>): Promise<T | Error> {
  const patience = new AbortController()
  const late = wait(GENEROUS_MS, undefined, { signal: patience.signal }).then(
    () => new Error(`nothing came within ${GENEROUS_MS} ms`),
    () => new Error("it ended in time"),
  )
  try {
    return await Promise.race([promise.catch(asError), late])
  } finally {
    patience.abort()
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(`something that is no error was thrown: ${typeof thrown}`)
}
