import type { Clock } from "evertoken"
import { responseOf } from "../conformance/stage/issuer-answers.js"
import { RefreshGrants } from "../conformance/stage/refresh-grants.js"
import { nameOf, secretOf } from "../conformance/stage/secret-names.js"

/** A token request that has left its process. */
export interface HeldRequest {
  readonly process: string
  readonly token: string
  /** How its sender says that it presents the token. */
  readonly how: string
  /** What the issuer has made of it; undefined: it has not come there yet. */
  response: Response | undefined
  /** Whether its sender has heard of it, or given it up. */
  isOver: boolean
  readonly deliver: () => void
}

export type IssuerAnswer = "as it is due" | "too many requests"

/** The refresh token that all begins with. */
export const FIRST = "first"

const LIFETIME_SECONDS = 2_400

/** A strict issuer that answers nobody before it is told to. */
export class HeldIssuer {
  readonly requests: HeldRequest[] = []
  /** Answers at once. */
  isFree = false
  readonly grants: RefreshGrants
  #accessTokens = 0
  #refreshTokens = 0

  constructor(clock: Clock, { reuse }: { readonly reuse: "revokes" | "refuses" }) {
    this.grants = new RefreshGrants({
      leewayMs: 0,
      rotates: true,
      reuse,
      now: () => clock.monotonic(),
      // the first one is spent before a replay begins; then the names are the model's
      nextName: () => secretOf(this.#refreshTokens++ === 0 ? FIRST : `rt${this.#refreshTokens - 2}`),
    })
  }

  ask(sender: Pick<HeldRequest, "process" | "how">, form: URLSearchParams, signal: AbortSignal | undefined) {
    return new Promise<Response>((resolve, reject) => {
      const request: HeldRequest = {
        ...sender,
        token: nameOf(form.get("refresh_token") ?? undefined),
        response: undefined,
        isOver: false,
        deliver: () => {
          request.isOver = true
          if (request.response !== undefined) resolve(request.response)
        },
      }
      this.requests.push(request)
      signal?.addEventListener("abort", () => {
        request.isOver = true
        reject(signal.reason)
      })
      if (!this.isFree) return
      this.process(request)
      request.deliver()
    })
  }

  /** The request comes to the issuer. */
  process(request: HeldRequest, answer: IssuerAnswer = "as it is due"): void {
    if (answer === "too many requests") {
      request.response = responseOf(answer, {}, 1_000)
      return
    }
    const successor = this.grants.use(secretOf(request.token))
    const granted = {
      access_token: secretOf(`at${this.#accessTokens++}`),
      token_type: "Bearer",
      expires_in: LIFETIME_SECONDS,
      refresh_token: successor,
    }
    request.response = responseOf(successor === undefined ? "invalid_grant" : "token", granted, 0)
  }
}
