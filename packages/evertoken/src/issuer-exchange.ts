import type { Authority } from "./authority.js"
import type { ClaimReleases } from "./claim-releases.js"
import type { Clock } from "./clock.js"
import type { CoolDown } from "./cool-down.js"
import { salvagedRefreshToken, TokenError } from "./errors.js"
import { publish } from "./events.js"
import type { RefusedGrants } from "./refused-grants.js"
import type { Attempt, KeptAttempt } from "./renewal-attempt.js"
import { isRefusedGrant, reauthenticationRequired } from "./renewal-errors.js"
import type { RenewalFailures } from "./renewal-failures.js"
import { salvagedToken, successorOf, type SourceIdentity } from "./renewal-plan.js"
import type { StepReporter } from "./renewal-step.js"
import type { RepeatedAnswer } from "./repeated-answer.js"
import { SourceRequest } from "./source-request.js"
import type { TokenRequest, TokenSource } from "./token-source.js"
import type { Token } from "./token.js"

export interface IssuerExchangeOptions {
  readonly source: TokenSource
  readonly identity: SourceIdentity
  readonly key: string
  readonly authority: Authority
  readonly coolDown: CoolDown
  readonly releases: ClaimReleases
  readonly refused: RefusedGrants
  readonly repeated: RepeatedAnswer
  readonly failures: RenewalFailures
  readonly step: StepReporter
  readonly clock: Clock
  readonly requestTimeoutMs: number
}

/** What came of an attempt. Neither: its token is written, or another process's was adopted. */
export interface ExchangeOutcome {
  /** The attempt, if its claim is not to be given back yet. */
  readonly kept?: KeptAttempt | undefined
  readonly failure?: TokenError | undefined
}

/**
 * The second half of a renewal: the request is sent, its answer made durable, and the claim given back, unless nobody
 * knows what became of the request, or its answer is not written yet (design, section 6: "After the answer").
 */
export class IssuerExchange {
  readonly #options: IssuerExchangeOptions
  #preparation: SourceRequest | undefined
  #request: SourceRequest | undefined

  constructor(options: IssuerExchangeOptions) {
    this.#options = options
  }

  /** Whether anything can be done before the claim. */
  get canPrepare(): boolean {
    const { source, identity } = this.#options
    return identity.singleUse && source.prepare !== undefined
  }

  /** Does what the source can do before anything is claimed, marked or spent. @throws TokenError, never ambiguous */
  async prepare(): Promise<void> {
    const { clock, source, requestTimeoutMs, failures } = this.#options
    const preparation = (this.#preparation = new SourceRequest(source, { clock, timeoutMs: requestTimeoutMs }))
    const failure = await preparation.prepare()
    this.#preparation = undefined
    if (failure !== undefined) throw failures.noted(failure)
  }

  async send(attempt: Attempt, need: TokenRequest): Promise<ExchangeOutcome> {
    const { clock, source, key, requestTimeoutMs, step, coolDown, repeated } = this.#options
    const sentAt = clock.monotonic()
    step("sending", attempt.plan, { presentation: attempt.presentation })
    const request = (this.#request = new SourceRequest(source, { clock, timeoutMs: requestTimeoutMs }))
    const { newerThan, minimumValidityMs, insist } = need
    const answer = await request.send({ newerThan, minimumValidityMs, insist, previous: attempt.plan.previous })
    this.#request = undefined
    if (answer instanceof TokenError) return this.#failed(answer, attempt, sentAt)
    step("answered", attempt.plan)
    coolDown.end()
    repeated.note(answer, attempt.plan.previous)
    const { generation, kept } = await this.#store(attempt, answer)
    if (generation !== undefined) {
      publish("renewed", { key, generation, expiresAt: answer.expiresAt, tookMs: clock.monotonic() - sentAt })
    }
    return { kept }
  }

  /** Gives up what is unsent or repeatable. */
  close(reason: TokenError): void {
    this.#preparation?.abort(reason)
    if (!this.#options.identity.singleUse) this.abort(reason)
  }

  /** Gives up the request under way, whatever it is. */
  abort(reason: TokenError): void {
    this.#request?.abort(reason)
  }

  async #failed(error: TokenError, attempt: Attempt, sentAt: number): Promise<ExchangeOutcome> {
    const { clock, requestTimeoutMs, releases, failures, identity } = this.#options
    const { plan, claim, presentation } = attempt
    const refreshToken = salvagedRefreshToken(error)
    if (refreshToken !== undefined) {
      const { kept } = await this.#store(attempt, salvagedToken(plan, refreshToken, clock.now()))
      return { kept, failure: failures.noted(error) }
    }
    if (plan.spendsRefreshToken && isRefusedGrant(error)) return this.#refusedGrant(error, attempt)
    if (claim !== undefined && identity.singleUse && (error.ambiguous || presentation === "repeat")) {
      const kept: KeptAttempt = { ...attempt, claim, because: "outcome-unknown" }
      return { kept, failure: failures.noted(error, requestTimeoutMs - (clock.monotonic() - sentAt)) }
    }
    await releases.release(claim, "own", plan)
    return { failure: failures.noted(error) }
  }

  async #refusedGrant(error: TokenError, { plan, claim }: Attempt): Promise<ExchangeOutcome> {
    const { refused, releases, failures } = this.#options
    const adopted = await refused.refuse(plan, claim)
    await releases.release(claim, "own", plan)
    if (adopted) return {}
    const failure = reauthenticationRequired("the issuer has refused the refresh token", error)
    return { failure: failures.told(failure, Infinity) }
  }

  /**
   * Makes the answer durable before anyone uses it. If it cannot be written it is served from memory, and the claim of
   * what works once is kept until it is. @returns the generation written, if it was.
   */
  async #store(attempt: Attempt, token: Token): Promise<{ readonly generation?: number; readonly kept?: KeptAttempt }> {
    const { plan, claim, reachable } = attempt
    const { identity, authority, releases, step } = this.#options
    const record = successorOf(plan, token, identity.fingerprint)
    if (!reachable) {
      authority.keepUnwritten(record, plan.previous)
      return {}
    }
    try {
      const generation = await authority.commit(record, plan.expected, plan.previous)
      step("committed", plan)
      await releases.release(claim, generation === undefined ? "own" : "all", plan)
      return generation === undefined ? {} : { generation }
    } catch {
      const isKept = identity.singleUse && claim !== undefined
      if (!isKept) await releases.release(claim, "own", plan)
      authority.keepUnwritten(record, plan.previous)
      return isKept ? { kept: { ...attempt, claim, because: "unwritten" } } : {}
    }
  }
}
