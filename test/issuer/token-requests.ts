import { createHash } from "node:crypto"
import type { IncomingMessage } from "node:http"
import { certificateOf } from "./mutual-tls-port.js"
import type { PlannedAnswer } from "./planned-answers.js"

type Arrival = Pick<IncomingMessage, "headers" | "socket">

/** One request at the token endpoint, as it came. No secret. */
export interface TokenRequestRecord {
  /** Epoch milliseconds of its arrival. */
  readonly at: number
  readonly grantType: string
  readonly clientId: string | undefined
  readonly scope: string | undefined
  readonly resource: string | undefined
  readonly audience: string | undefined
  /** How the client authenticated itself. */
  readonly authentication: "basic" | "form" | "assertion" | "certificate" | "none"
  /** The header `x-request-id`: what the sender calls it. */
  readonly requestId: string | undefined
}

/** One use of a refresh token, whatever came of it. */
export interface Presentation {
  /** First 16 hex digits of SHA-256 of the refresh token. */
  readonly hash: string
  /**
   * `"first"`; `"again"`: seen before, but not spent (the issuer was down, say); `"reuse"`: it was spent, and a strict
   * issuer revokes the family.
   */
  readonly use: "first" | "again" | "reuse"
}

/** What became of a request at the token endpoint, as the issuer knows it. No secret. */
export interface TokenAnswer {
  readonly request: TokenRequestRecord
  /** Undefined: it came without a refresh token. */
  readonly presentation: Presentation | undefined
  /** What it met instead of a plain answer. */
  readonly planned: PlannedAnswer | undefined
  /** The provider's. Undefined: it was not processed. */
  readonly status: number | undefined
  /** Epoch milliseconds at which the refresh token was spent, by this request or an earlier one. */
  readonly spentAt: number | undefined
}

/** How many requests came to the token endpoint, answered or not. */
export interface RequestCounts {
  readonly total: number
  readonly clientCredentials: number
  readonly refreshToken: number
  /** How many of them were processed and gave a token, be the answer lost or not. */
  readonly issued: number
}

/** Keeps the book of the token endpoint. */
export class TokenRequests {
  readonly records: TokenRequestRecord[] = []
  readonly presentations: Presentation[] = []
  readonly #seen = new Set<string>()
  #issued = 0

  get counts(): RequestCounts {
    const by = (grantType: string) => this.records.filter((record) => record.grantType === grantType).length
    return {
      total: this.records.length,
      clientCredentials: by("client_credentials"),
      refreshToken: by("refresh_token"),
      issued: this.#issued,
    }
  }

  arrived(form: URLSearchParams, { headers: { authorization, ...headers }, socket }: Arrival): TokenRequestRecord {
    const of = (name: string) => form.get(name) ?? undefined
    const record: TokenRequestRecord = {
      at: Date.now(),
      grantType: of("grant_type") ?? "",
      clientId: of("client_id") ?? basicClientId(authorization),
      scope: of("scope"),
      resource: of("resource"),
      audience: of("audience"),
      authentication: authenticationOf(form, authorization, socket),
      requestId: [headers["x-request-id"]].flat()[0],
    }
    this.records.push(record)
    return record
  }

  presented(refreshToken: string, isSpent: boolean): Presentation {
    const hash = createHash("sha256").update(refreshToken).digest("hex").slice(0, 16)
    const again = this.#seen.has(hash) ? "again" : "first"
    this.#seen.add(hash)
    const presentation: Presentation = { hash, use: isSpent ? "reuse" : again }
    this.presentations.push(presentation)
    return presentation
  }

  answered(status: number): void {
    if (status === 200) this.#issued += 1
  }
}

function authenticationOf(
  form: URLSearchParams,
  authorization: string | undefined,
  socket: Arrival["socket"],
): TokenRequestRecord["authentication"] {
  if (authorization?.startsWith("Basic ")) return "basic"
  if (form.has("client_secret")) return "form"
  if (form.has("client_assertion")) return "assertion"
  return certificateOf(socket) === undefined ? "none" : "certificate"
}

function basicClientId(authorization: string | undefined): string | undefined {
  if (!authorization?.startsWith("Basic ")) return undefined
  const [clientId = ""] = Buffer.from(authorization.slice("Basic ".length), "base64").toString().split(":")
  // RFC 6749, section 2.3.1: form-encoded
  return new URLSearchParams(`id=${clientId}`).get("id") ?? undefined
}
