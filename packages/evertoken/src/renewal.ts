import type { Authority } from "./authority.js"
import type { CacheStack } from "./cache-stack.js"
import { LONGEST_PAUSE_BEFORE_SENDING_MS } from "./claim-decision.js"
import { ClaimReleases } from "./claim-releases.js"
import { ClaimTurns, type Turn } from "./claim-turn.js"
import { sleep, type Clock } from "./clock.js"
import type { CoolDown } from "./cool-down.js"
import { TokenError } from "./errors.js"
import { publish } from "./events.js"
import { IssuerExchange } from "./issuer-exchange.js"
import type { KnownToken } from "./known-token.js"
import { between, type Random } from "./random.js"
import { RefusedGrants } from "./refused-grants.js"
import type { Attempt, KeptAttempt } from "./renewal-attempt.js"
import { claimTimedOut, sourceClosed, unchanged } from "./renewal-errors.js"
import { RenewalFailures } from "./renewal-failures.js"
import {
  allLineages,
  isNoSuccessor,
  onTopOf,
  planRenewal,
  type RenewalPlan,
  type SourceIdentity,
} from "./renewal-plan.js"
import { stepReporter, type StepReporter } from "./renewal-step.js"
import { RepeatedAnswer } from "./repeated-answer.js"
import { satisfies, type TokenNeed } from "./token-need.js"
import type { StoredToken } from "./token-cache.js"
import type { TokenRequest, TokenSource } from "./token-source.js"
import { sameVersion } from "./token.js"

export interface RenewalOptions {
  readonly source: TokenSource
  readonly identity: SourceIdentity
  readonly stack: CacheStack
  readonly known: KnownToken
  readonly authority: Authority
  readonly coolDown: CoolDown
  readonly clock: Clock
  readonly random: Random
  readonly requestTimeoutMs: number
  readonly claimTimeoutMs: number
  readonly safeReuseMs: number
  readonly minimumIntervalMs: number
}

/**
 * The renewal transaction (design, sections 4 and 6): look, claim, look again, mark, send, commit, release. What keeps
 * a refresh token from being lost or presented twice is decided here; the steps themselves are the cache's. One call of
 * {@link run} at a time.
 */
export class Renewal {
  readonly #options: RenewalOptions
  readonly #singleUse: boolean
  readonly #step: StepReporter
  readonly #closing = new AbortController()
  #isClosed = false
  readonly #releases: ClaimReleases
  readonly #turns: ClaimTurns
  readonly #refused: RefusedGrants
  readonly #repeated: RepeatedAnswer
  readonly #failures: RenewalFailures
  readonly #exchange: IssuerExchange
  #kept: KeptAttempt | undefined

  constructor(options: RenewalOptions) {
    this.#options = options
    const { stack, known, authority, coolDown, source, identity, clock } = options
    const { requestTimeoutMs, safeReuseMs } = options
    const { key } = stack
    this.#singleUse = options.identity.singleUse
    this.#step = stepReporter(key)
    this.#releases = new ClaimReleases(this.#step)
    this.#turns = new ClaimTurns({
      stack,
      known,
      releases: this.#releases,
      clock,
      requestTimeoutMs,
      safeReuseMs,
      step: this.#step,
    })
    this.#refused = new RefusedGrants(options)
    this.#repeated = new RepeatedAnswer(options)
    this.#failures = new RenewalFailures({ key, known, coolDown })
    this.#exchange = new IssuerExchange({
      source,
      identity,
      key,
      authority,
      coolDown,
      clock,
      requestTimeoutMs,
      releases: this.#releases,
      refused: this.#refused,
      repeated: this.#repeated,
      failures: this.#failures,
      step: this.#step,
    })
  }

  /** Why a claim is kept that calls for another {@link run}; undefined: none is. */
  get kept(): KeptAttempt["because"] | "unreleased" | undefined {
    return this.#kept?.because ?? (this.#singleUse && this.#releases.pending ? "unreleased" : undefined)
  }

  /** Brings what is known up to `need`, from the authority or the issuer. @throws TokenError */
  async run(need: TokenRequest): Promise<void> {
    const { clock, claimTimeoutMs } = this.#options
    const deadline = clock.monotonic() + claimTimeoutMs
    let waits = false
    let isPrepared = !this.#exchange.canPrepare
    for (;;) {
      const reachable = await this.#look()
      if (this.#isSatisfied(need)) return
      if (this.#isClosed) throw sourceClosed()
      this.#throwIfTooEarly(need)
      if (this.#kept !== undefined) {
        if (await this.#repeat(this.#kept, need)) return
        continue
      }
      const plan = this.#plan(need)
      if (!isPrepared) await this.#exchange.prepare()
      isPrepared = true
      const turn = reachable ? await this.#takeTurn(plan) : "unreachable"
      if (turn === "unreachable") return this.#send({ plan, presentation: "first", reachable: false }, need)
      if (turn !== undefined) return this.#send({ plan, ...turn, reachable: true }, need)
      if (clock.monotonic() >= deadline) return this.#sendWithoutClaim(plan, need)
      if (!waits) publish("waiting", { key: this.#options.stack.key, what: plan.subject.what })
      waits = true
      await this.#pause()
    }
  }

  /** Nothing new is begun, and what is unsent or repeatable is aborted. What was sent and works once goes on. */
  close(): void {
    this.#isClosed = true
    this.#closing.abort(sourceClosed())
    this.#exchange.close(sourceClosed())
  }

  /** Gives up even what was sent, once `flight` has ended; its claim is left to others as that of a dead owner. */
  async abandon(flight: Promise<void> | undefined): Promise<void> {
    this.#exchange.abort(sourceClosed({ ambiguous: true }))
    await flight?.catch(() => undefined)
    const kept = this.#kept
    this.#kept = undefined
    await kept?.claim.abandon().catch(() => undefined)
    await this.#releases.abandon()
  }

  /** @returns false if the authority cannot be reached, and the source may be asked all the same. */
  async #look(): Promise<boolean> {
    try {
      if (await this.#options.authority.look()) this.#options.coolDown.end()
    } catch (error) {
      if (this.#singleUse) throw error
      return false
    }
    this.#step("looked")
    if (this.#releases.pending) await this.#releases.retry()
    if (this.#kept !== undefined) await this.#settleKept()
    return true
  }

  /** Ends a claim when the store has moved on from what it is about, by this process's own write or another's. */
  async #settleKept(): Promise<void> {
    const kept = this.#kept
    const { record } = this.#options.known
    if (kept === undefined || sameVersion(kept.plan.expected, record?.version)) return
    const { plan } = kept
    if (record !== undefined && kept.because === "outcome-unknown" && isNoSuccessor(record, plan)) {
      if (record.token === undefined) return this.#settleSignedOut(kept, record)
      this.#kept = {
        ...kept,
        plan: { ...plan, expected: record.version, lineages: allLineages(record.lineages, plan.lineages) },
      }
      return
    }
    this.#kept = undefined
    await this.#releases.release(kept.claim, kept.because === "unwritten" ? "all" : "own", plan)
  }

  /** A sign-out wins over a first use of which nobody knows what became: it notes the lineage, so that none begins it again. */
  async #settleSignedOut({ claim, plan }: KeptAttempt, mark: StoredToken): Promise<void> {
    const begun = { version: { ...mark.version, lineage: plan.lineage }, lineages: plan.lineages }
    if (!(await this.#options.authority.commit(onTopOf(mark, begun), mark.version))) return this.#settleKept()
    this.#kept = undefined
    await this.#releases.release(claim, "own", plan)
  }

  #isSatisfied(need: TokenNeed): boolean {
    const { held } = this.#options.known
    return held !== undefined && satisfies(held, need)
  }

  #throwIfTooEarly({ newerThan }: TokenNeed): void {
    const { coolDown, known } = this.#options
    const standing = coolDown.standing()
    if (standing !== undefined) throw standing
    if (this.#repeated.isTooEarly(known.held?.token, newerThan)) throw unchanged()
  }

  #plan(need: TokenRequest): RenewalPlan {
    const { identity, known } = this.#options
    const plan = planRenewal(identity, known.record, need.previous)
    this.#refused.assertNotRefused(plan.subject.what)
    return plan
  }

  /** A claim, marked, under which to send at once; undefined: not now, look again. */
  async #takeTurn(plan: RenewalPlan): Promise<Pick<Attempt, "claim" | "presentation"> | "unreachable" | undefined> {
    if (!this.#options.stack.hasClaims) return { presentation: "first" }
    try {
      const turn = await this.#turns.take(plan)
      return turn && (await this.#isReady(plan, turn)) ? turn : undefined
    } catch (error) {
      if (this.#singleUse || !(error instanceof TokenError) || error.code !== "ERR_TOKEN_CACHE") throw error
      return "unreachable"
    }
  }

  /** Makes a claim ready for its first send, or gives it back. */
  async #isReady(plan: RenewalPlan, { claim, takenAt }: Turn): Promise<boolean> {
    const { clock } = this.#options
    let isReady = false
    try {
      if (this.#singleUse) await claim.markSent()
      this.#step("marked", plan)
      const isHeld = await claim.isHeld()
      const wasPaused = clock.monotonic() - takenAt > LONGEST_PAUSE_BEFORE_SENDING_MS
      isReady = isHeld && !wasPaused && !this.#isClosed
    } finally {
      if (!isReady) await this.#releases.release(claim, "own", plan)
    }
    return isReady
  }

  /** The same token once more, under the claim that was kept. @returns false if that is another's business by now. */
  async #repeat(kept: KeptAttempt, need: TokenRequest): Promise<boolean> {
    const { claim, plan } = kept
    const { clock } = this.#options
    const { rejected } = await claim.look()
    const markedAt = clock.monotonic()
    if (!rejected) await claim.markSent()
    if (rejected || !(await claim.isHeld())) {
      this.#kept = undefined
      await (rejected ? this.#releases.release(claim, "own", plan) : claim.abandon())
      return false
    }
    const wasPaused = clock.monotonic() - markedAt > LONGEST_PAUSE_BEFORE_SENDING_MS
    if (wasPaused || this.#isClosed) return false
    await this.#send({ plan, claim, presentation: "repeat", reachable: true }, need)
    return true
  }

  #sendWithoutClaim(plan: RenewalPlan, need: TokenRequest): Promise<void> {
    const { known, claimTimeoutMs } = this.#options
    const lifetimeMs = known.held === undefined ? 0 : known.held.token.expiresAt - known.held.token.issuedAt
    const isUrgent = known.leftMs() <= lifetimeMs / 4
    if (this.#singleUse || !isUrgent) throw this.#failures.told(claimTimedOut(claimTimeoutMs), 0)
    return this.#send({ plan, presentation: "first", reachable: true }, need)
  }

  async #send(attempt: Attempt, need: TokenRequest): Promise<void> {
    const { kept, failure } = await this.#exchange.send(attempt, need)
    this.#kept = kept
    if (failure !== undefined) throw failure
  }

  #pause(): Promise<void> {
    const { clock, random } = this.#options
    return sleep(clock, between(random, 25, 50), { signal: this.#closing.signal })
  }
}
