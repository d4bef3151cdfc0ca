import type { Clock } from "evertoken"
import type { Answer } from "../format/answer.js"
import { toMs } from "../format/duration.js"
import type { IssuerOptions } from "../format/given.js"
import { networkError, responseOf, wait } from "./issuer-answers.js"
import { RefreshGrants } from "./refresh-grants.js"
import { nameOf, secretOf } from "./secret-names.js"

/** One request that arrived. */
export interface ArrivedRequest {
  readonly grantType: string
  readonly refreshToken: string | undefined
}

/** An authorization server on the virtual clock, behind a `fetch`. It answers as it is told, one answer a request. */
export class SimulatedIssuer {
  readonly requests: ArrivedRequest[] = []
  readonly grants: RefreshGrants
  readonly #clock: Clock
  readonly #lifetimeMs: number
  readonly #latencyMs: number
  readonly #retryAfterMs: number
  readonly #next: Answer[] = []
  #usual: Answer = "token"
  #accessTokens = 0
  #refreshTokens = 0
  #sleptMs = 0
  #last: { readonly name: string; readonly expiresAt: number } | undefined

  constructor(clock: Clock, options: IssuerOptions, { rotates }: { readonly rotates: boolean }) {
    this.#clock = clock
    this.#lifetimeMs = toMs(options.lifetime ?? "10 min")
    this.#latencyMs = toMs(options.latency ?? "100 ms")
    this.#retryAfterMs = toMs(options.retryAfter ?? "30 s")
    this.grants = new RefreshGrants({
      leewayMs: toMs(options.leeway ?? "0 s"),
      rotates,
      now: () => this.#now(),
      nextName: () => secretOf(`refresh-${++this.#refreshTokens}`),
    })
  }

  get lifetimeMs(): number {
    return this.#lifetimeMs
  }

  next(answers: readonly Answer[]): void {
    this.#next.push(...answers)
  }

  usually(answer: Answer): void {
    this.#usual = answer
  }

  /** Forgets the requests so far. */
  beginCounting(): void {
    this.requests.length = 0
  }

  /** The machine of the processes sleeps; the issuer is elsewhere, and does not. */
  noteSleep(ms: number): void {
    this.#sleptMs += ms
  }

  /** A refresh of which nobody counts the request: by another program. Undefined: the refresh token is no good. */
  renewElsewhere(refreshToken: string | undefined): Readonly<Record<string, unknown>> | undefined {
    return this.#process(refreshToken, false)
  }

  /** What a token request comes to. Aborting it takes nothing back. */
  async answer(form: URLSearchParams, signal: AbortSignal | undefined): Promise<Response> {
    const answer = this.#next.shift() ?? this.#usual
    const refreshToken = form.get("refresh_token") ?? undefined
    this.requests.push({
      grantType: form.get("grant_type") ?? "own login",
      refreshToken: refreshToken && nameOf(refreshToken),
    })
    const isProcessed = !UNPROCESSED.has(answer) && !(typeof answer === "object" && "status" in answer)
    const granted = isProcessed ? this.#process(refreshToken, answer === "same token") : undefined
    const isLost = answer === "hangs" || answer === "hangs after processing"
    const latencyMs = typeof answer === "object" ? (answer.latencyMs ?? this.#latencyMs) : this.#latencyMs
    await wait(this.#clock, isLost ? undefined : latencyMs, signal)
    if (isProcessed && granted === undefined) return responseOf("invalid_grant", {}, 0)
    if (answer === "refuses connection") throw networkError("ECONNREFUSED")
    if (answer === "resets" || answer === "loses the answer") throw networkError("ECONNRESET")
    return responseOf(answer, granted ?? {}, this.#retryAfterMs)
  }

  #now(): number {
    return this.#clock.monotonic() + this.#sleptMs
  }

  #process(refreshToken: string | undefined, isSame: boolean): Readonly<Record<string, unknown>> | undefined {
    const successor = refreshToken === undefined ? undefined : this.grants.use(refreshToken)
    if (refreshToken !== undefined && successor === undefined) return undefined
    const now = this.#now()
    if (!isSame || this.#last === undefined) {
      this.#last = { name: secretOf(`access-${++this.#accessTokens}`), expiresAt: now + this.#lifetimeMs }
    }
    return {
      access_token: this.#last.name,
      token_type: "Bearer",
      expires_in: Math.floor((this.#last.expiresAt - now) / 1000),
      ...(successor !== undefined && { refresh_token: successor, scope: "read" }),
    }
  }
}

const UNPROCESSED: ReadonlySet<Answer> = new Set<Answer>([
  "refuses connection",
  "resets",
  "hangs",
  "unavailable",
  "too many requests",
  "invalid_grant",
  "invalid_client",
])
