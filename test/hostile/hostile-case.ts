import type { TokenErrorCode } from "evertoken"
import { CANARIES } from "./canaries.js"
import type { Behaviour } from "./raw-server.js"

export type Grant = "client_credentials" | "refresh_token"

/** How asking for a token is to end. */
export type Ending =
  /** The answer is usable, odd as it is. */
  | "a token"
  | {
      readonly code: TokenErrorCode
      readonly transient: boolean
      /** `"perhaps"`: it depends on how far the client had come. */
      readonly ambiguous: boolean | "perhaps"
      readonly status?: number
      /** The OAuth error, by grant. */
      readonly error?: string | Readonly<Record<Grant, string>>
    }

export interface HostileCase {
  /** What the issuer does. */
  readonly title: string
  readonly play: Behaviour
  readonly ends: Ending
  /** Where the application's own fetch makes it end in another way. */
  readonly endsByFetch?: Ending
  /** It is about this grant. Default: about every. */
  readonly grant?: Grant
  /** The issuer never comes to an end: only the deadline does. */
  readonly stalls?: boolean
}

/** The time ran out, and what was sent may have been processed. */
export const LATE: Ending = { code: "ERR_TOKEN_REQUEST_TIMEOUT", transient: true, ambiguous: true }
/** No complete HTTP answer came, and what was sent may have been processed. */
export const BROKEN: Ending = { code: "ERR_TOKEN_REQUEST", transient: true, ambiguous: true }
/** The issuer said yes, and what came with it is no token. */
export const UNUSABLE: Ending = { code: "ERR_TOKEN_RESPONSE_INVALID", transient: true, ambiguous: true }
/** A redirect: certainly not processed here, and never followed. */
export const ELSEWHERE: Ending = { code: "ERR_TOKEN_RESPONSE_INVALID", transient: false, ambiguous: false }

/** An answer of the issuer that says no, or nothing. */
export function refused(status: number, error?: string | Readonly<Record<Grant, string>>): Ending {
  const isBeyond = status >= 500 || status === 408
  const named = error === undefined ? {} : { error }
  return {
    code: "ERR_TOKEN_RESPONSE",
    transient: isBeyond || status === 429,
    ambiguous: isBeyond,
    status,
    ...named,
  }
}

/** Without an OAuth error it is taken for what the grant is most often refused for. */
export const UNNAMED = { client_credentials: "invalid_client", refresh_token: "invalid_grant" } as const

/** A good token response, with these members instead of its own. */
export function granted(changes: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    access_token: CANARIES.accessToken,
    token_type: "Bearer",
    expires_in: 3600,
    ...changes,
  })
}

/** A complete answer. A header given as undefined is left out. */
export function answer(
  body: string | Uint8Array,
  headers: Readonly<Record<string, string | undefined>> = {},
  status = "200 OK",
): Buffer {
  const bytes = Buffer.from(body)
  const all = { "content-type": "application/json", "content-length": String(bytes.byteLength), ...headers }
  return Buffer.concat([Buffer.from(head(all, status)), bytes])
}

/** Status line and headers. */
export function head(headers: Readonly<Record<string, string | undefined>>, status = "200 OK"): string {
  const lines = Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]))
  return [`HTTP/1.1 ${status}`, ...lines, "", ""].join("\r\n")
}

/** Answers once the whole request is there. */
export function answering(bytes: () => string | Uint8Array): Behaviour {
  return async (peer) => {
    await peer.asked
    peer.end(bytes())
  }
}
