import { sleep, type Clock } from "../../clock.js"
import { salvageRefreshToken, TokenError, TokenResponseError } from "../../errors.js"
import { lifetimeOf, type LifetimePolicy } from "../../token-lifetime.js"
import { Token } from "../../token.js"

/** What the issuer makes of one request; "processed" means that a rotating refresh token is spent by it. */
export type Behaviour =
  /** A token. */
  | "well"
  /** A token, but the same access token as before. */
  | "same-token"
  /** A token, without refresh token, id token and scope. */
  | "bare"
  /** Processed; the answer gets lost. */
  | "answer-lost"
  /** Not processed, but the sender cannot know. */
  | "reset"
  | "unavailable"
  /** Processed; `expires_in` is 0, and a rotated refresh token comes with it. */
  | "over-at-once"
  /** Certainly not processed. */
  | "refused"
  | "too-many"
  | "invalid-client"
  | "invalid-grant"
  /** No answer ever; not processed, or processed. */
  | "hangs"
  | "hangs-processed"

export interface PresentedRequest {
  readonly refreshToken: string | undefined
  readonly at: number
  readonly behaviour: Behaviour
}

export interface StrictIssuerOptions {
  readonly lifetimeMs?: number
  readonly latencyMs?: number
  readonly retryAfterMs?: number
  readonly policy?: LifetimePolicy
}

interface Family {
  current: string
  readonly spent: Set<string>
  revoked: boolean
}

/** An issuer that rotates refresh tokens, and revokes the whole family at the second use of one. */
export class StrictIssuer {
  readonly requests: PresentedRequest[] = []
  /** Refresh tokens that were presented again after they were spent. */
  readonly replayed: string[] = []
  readonly #clock: Clock
  readonly #options: Required<StrictIssuerOptions>
  readonly #families: Family[] = []
  readonly #script: Behaviour[] = []
  #usual: Behaviour = "well"
  #issued = 0
  #lastAccessToken = ""

  constructor(
    clock: Clock,
    { lifetimeMs = 600_000, latencyMs = 100, retryAfterMs = 30_000, policy = {} }: StrictIssuerOptions = {},
  ) {
    this.#clock = clock
    this.#options = { lifetimeMs, latencyMs, retryAfterMs, policy }
  }

  /** A person signs in. */
  signIn(): string {
    const current = this.#name("refresh")
    this.#families.push({ current, spent: new Set(), revoked: false })
    return current
  }

  /** What the next requests meet, one each. */
  next(...behaviours: readonly Behaviour[]): void {
    this.#script.push(...behaviours)
  }

  /** What requests meet that nothing was said of. */
  usually(behaviour: Behaviour): void {
    this.#usual = behaviour
  }

  /** All further requests meet what is usual. */
  forgetScript(): void {
    this.#script.length = 0
  }

  isLive(refreshToken: string | undefined): boolean {
    return this.#families.some(({ current, revoked }) => !revoked && current === refreshToken)
  }

  /** A family that was signed in and not revoked. */
  get liveFamilies(): number {
    return this.#families.filter(({ revoked }) => !revoked).length
  }

  async request(refreshToken: string | undefined, signal: AbortSignal | undefined): Promise<Token> {
    const behaviour = this.#script.shift() ?? this.#usual
    const issuedAt = this.#clock.now()
    this.requests.push({ refreshToken, at: this.#clock.monotonic(), behaviour })
    const refusal = this.#refusalOf(behaviour)
    const answer = refusal === undefined ? this.#process(refreshToken, issuedAt, behaviour) : undefined
    if (behaviour.startsWith("hangs")) return hang(signal)
    await sleep(this.#clock, this.#options.latencyMs, { signal })
    if (refusal !== undefined) throw refusal
    if (answer === undefined) throw responseError("invalid_grant", 400, { transient: false })
    if (behaviour === "answer-lost") throw lost()
    if (behaviour === "over-at-once") throw overAtOnce(answer)
    return answer
  }

  #refusalOf(behaviour: Behaviour): TokenError | undefined {
    const { retryAfterMs } = this.#options
    if (behaviour === "reset") return lost()
    if (behaviour === "hangs") return lost()
    if (behaviour === "unavailable") return responseError(undefined, 503, { transient: true, ambiguous: true })
    if (behaviour === "refused") return new TokenError("ERR_TOKEN_REQUEST", "connection refused", { transient: true })
    if (behaviour === "too-many") return responseError(undefined, 429, { transient: true, retryAfterMs })
    if (behaviour === "invalid-client") return responseError("invalid_client", 401, { transient: false })
    if (behaviour === "invalid-grant") return responseError("invalid_grant", 400, { transient: false })
    return undefined
  }

  /** Undefined: the refresh token is no good. */
  #process(refreshToken: string | undefined, issuedAt: number, behaviour: Behaviour): Token | undefined {
    if (refreshToken === undefined) return this.#tokenOf(undefined, issuedAt, behaviour)
    const family = this.#families.find(({ current, spent }) => current === refreshToken || spent.has(refreshToken))
    if (family === undefined || family.revoked) return undefined
    if (family.current !== refreshToken) {
      this.replayed.push(refreshToken)
      family.revoked = true
      return undefined
    }
    if (behaviour === "bare") return this.#tokenOf(undefined, issuedAt, behaviour)
    family.spent.add(refreshToken)
    family.current = this.#name("refresh")
    return this.#tokenOf(family.current, issuedAt, behaviour)
  }

  #tokenOf(refreshToken: string | undefined, issuedAt: number, behaviour: Behaviour): Token {
    const { lifetimeMs, policy } = this.#options
    if (behaviour !== "same-token") this.#lastAccessToken = this.#name("access")
    const rest = behaviour === "bare" ? {} : { idToken: this.#name("id"), scope: "read write" }
    const lifetime = lifetimeOf({ issuedAt, expiresIn: lifetimeMs / 1000 }, policy)
    return new Token({ accessToken: this.#lastAccessToken, refreshToken, issuedAt, ...lifetime, ...rest })
  }

  #name(kind: string): string {
    return `canary-${kind}-${++this.#issued}`
  }
}

function hang(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(signal.reason)))
}

function lost(): TokenError {
  return new TokenError("ERR_TOKEN_REQUEST", "connection reset", { transient: true, ambiguous: true })
}

function overAtOnce({ refreshToken }: Token): TokenError {
  const error = new TokenError("ERR_TOKEN_LIFETIME", "the token is over at once", { transient: true })
  if (refreshToken !== undefined) salvageRefreshToken(error, refreshToken)
  return error
}

function responseError(
  error: string | undefined,
  status: number,
  options: { readonly transient: boolean; readonly ambiguous?: boolean; readonly retryAfterMs?: number },
): TokenResponseError {
  return new TokenResponseError(`the token endpoint answered ${status}`, { status, error, ...options })
}
