import type { TokenAnswer } from "../issuer/token-requests.js"
import type { JournalEntry } from "../processes/journal.js"
import type { HaltSignal } from "../processes/worker-protocol.js"
import { GenerationsSeen } from "./generations.js"
import { Lives } from "./lives.js"
import { Presentations, type Sending } from "./presentations.js"
import { Recoveries } from "./recoveries.js"
import { Verdicts, type LossCause, type ReuseKind } from "./verdicts.js"

/** Something that must not be. */
export interface Violation {
  readonly what: string
  /** The last entries of the journal before it, and what the issuer saw of the token. */
  readonly trace: readonly string[]
}

const TRACE_LENGTH = 120
// by then the issuer has answered whatever came before
const JUDGED_AFTER_MS = 5_000

/** Puts together what the workers wrote down and what the issuer saw, and judges it. */
export class Observer {
  readonly presentations = new Presentations()
  readonly recoveries = new Recoveries()
  readonly reuses = new Map<ReuseKind, number>()
  readonly losses = new Map<LossCause, number>()
  readonly refusals = new Map<string, number>()
  readonly violations: Violation[] = []
  readonly lives = new Lives()
  renewals = 0
  #lossesNow = 0
  readonly #generations = new GenerationsSeen()
  readonly #verdicts: Verdicts
  readonly #recent: JournalEntry[] = []
  readonly #onViolation: ((what: string) => void) | undefined
  #unjudged: Sending[] = []

  constructor({
    wasFaulty,
    onViolation,
  }: {
    readonly wasFaulty: (from: number, to: number) => boolean
    readonly onViolation?: ((what: string) => void) | undefined
  }) {
    this.#onViolation = onViolation
    this.#verdicts = new Verdicts({ presentations: this.presentations, lives: this.lives, wasFaulty })
  }

  /** Families lost since {@link signedIn} was last called. */
  get lossesSinceSignIn(): number {
    return this.#lossesNow
  }

  signedIn(): void {
    this.#lossesNow = 0
    this.recoveries.disturbed()
  }

  signalled(worker: string, signal: HaltSignal | "SIGCONT", at: number): void {
    this.lives.signalled(worker, signal, at)
    if (signal === "SIGSTOP") this.recoveries.disturbed()
  }

  /** Whatever was written down and answered since the last call, in this order: who sends writes it down before. */
  observe(entries: readonly JournalEntry[], answers: readonly ObservedAnswer[]): void {
    for (const entry of entries) this.#note(entry)
    for (const answer of answers) this.#answered(answer)
    const now = entries.at(-1)?.at ?? 0
    this.#judge((sending) => sending.at + JUDGED_AFTER_MS < now)
  }

  /** Nothing more is to come. */
  end(): void {
    this.#judge(() => true)
  }

  violated(what: string, token?: string): void {
    this.#onViolation?.(what)
    const trace = this.#recent.slice(-TRACE_LENGTH).map((entry) => JSON.stringify(entry))
    const sendings = token === undefined ? [] : this.presentations.of(token)
    this.violations.push({ what, trace: [...trace, ...sendings.map((sending) => JSON.stringify(sending))] })
  }

  #judge(isDue: (sending: Sending) => boolean): void {
    for (const sending of this.#unjudged.filter(isDue)) {
      const objection = this.#verdicts.objectionTo(sending)
      if (objection !== undefined) this.violated(`${sending.request}: ${objection}`, sending.what)
    }
    this.#unjudged = this.#unjudged.filter((sending) => !isDue(sending))
  }

  #note(entry: JournalEntry): void {
    this.#recent.push(entry)
    if (this.#recent.length > 4 * TRACE_LENGTH) this.#recent.splice(0, 2 * TRACE_LENGTH)
    this.lives.note(entry)
    this.recoveries.note(entry)
    if (entry.event === "halting" && entry.signal === "SIGSTOP") this.recoveries.disturbed()
    if (entry.event === "renewed") this.renewals++
    if (entry.event === "refused") count(this.refusals, entry.code)
    const sending = this.presentations.note(entry)
    if (sending !== undefined && entry.event === "step" && entry.step === "sending") this.#unjudged.push(sending)
    const objection = this.#generations.objectionTo(entry)
    if (objection !== undefined) this.violated(objection)
    if (entry.event === "refused" && entry.code === "ERR_UNEXPECTED") this.violated(`${entry.worker}: no TokenError`)
  }

  #answered({ answer, familiesLost }: ObservedAnswer): void {
    const sending = this.presentations.answered(answer)
    const { presentation } = answer
    if (presentation === undefined) return
    if (sending?.what !== presentation.hash) this.violated("a request that nobody wrote down", presentation.hash)
    if (presentation.use === "reuse") this.#reused(sending, presentation.hash)
    if (familiesLost === 0) return
    this.#lossesNow += familiesLost
    const cause = presentation.use === "reuse" ? this.#verdicts.causeOf(presentation.hash) : "unexplained"
    count(this.losses, cause)
    if (cause === "unexplained") this.violated("a family was lost, and nobody knows why", presentation.hash)
  }

  #reused(sending: Sending | undefined, token: string): void {
    const kind = sending === undefined ? "forbidden" : this.#verdicts.reuseOf(sending)
    count(this.reuses, kind)
    if (kind === "forbidden") this.violated("a spent refresh token was presented again", token)
  }
}

export interface ObservedAnswer {
  readonly answer: TokenAnswer
  /** How many families the issuer has revoked with this answer. */
  readonly familiesLost: number
}

function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
