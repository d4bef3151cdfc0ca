import { subscribe } from "node:diagnostics_channel"
import { setTimeout as wait } from "node:timers/promises"
import { TokenError, type CachedTokenSource, type Token } from "evertoken"
import { seededRandom } from "evertoken/testing"
import type { Journal } from "./journal.js"

export interface RenewingOptions {
  readonly journal: Journal
  readonly seed: number
  readonly restMs: number
  /** What it asks, and with which first refresh token; it may be another one each time. */
  readonly source: () => { readonly tokens: CachedTokenSource; readonly lineage: string }
}

const SIGNED_OUT_MS = 200

/** Asks for a newer token over and over. Ends when the process does; no error stops it. */
export async function renewForEver({ journal, seed, restMs, source }: RenewingOptions): Promise<never> {
  const random = seededRandom(seed)
  let last: Token | undefined
  for (;;) {
    const { tokens, lineage } = source()
    let restingMs = random() * 2 * restMs
    try {
      const token = await tokens.getToken({ newerThan: last })
      if (token.accessToken !== last?.accessToken) journal.token(token)
      last = token
    } catch (error) {
      const code = error instanceof TokenError ? error.code : "ERR_UNEXPECTED"
      journal.write({ event: "refused", code, lineage })
      restingMs = code === "ERR_REAUTHENTICATION_REQUIRED" ? SIGNED_OUT_MS : restingAfter(error, restingMs)
    }
    await wait(restingMs)
  }
}

function restingAfter(error: unknown, atLeastMs: number): number {
  const retryAfterMs = error instanceof TokenError ? (error.retryAfterMs ?? 0) : 0
  return Math.max(atLeastMs, Math.min(retryAfterMs, 1_000))
}

/** Each request to the issuer carries the name that the journal has for it. */
export function nameRequests(journal: Journal): void {
  subscribe("undici:request:create", (message) => {
    if (isCreation(message) && message.request.method === "POST")
      message.request.addHeader("x-request-id", journal.request)
  })
}

interface RequestCreation {
  readonly request: { readonly method: string; addHeader(name: string, value: string): void }
}

function isCreation(message: unknown): message is RequestCreation {
  return typeof message === "object" && message !== null && "request" in message
}
