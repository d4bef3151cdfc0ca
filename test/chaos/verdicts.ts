import type { TokenAnswer } from "../issuer/token-requests.js"
import type { Lives } from "./lives.js"
import type { Presentations, Sending } from "./presentations.js"

/** Why a token that was spent came to the issuer again. The first three are the design's (section 6). */
export type ReuseKind =
  /** One last try after an owner that died with its outcome. */
  | "last-try"
  /** The owner itself again, whose answer had not come. */
  | "repeat"
  /** A request that its sender had given up, and that arrived only after the one that followed it. */
  | "late-arrival"
  | "forbidden"

/** What led to the loss of a family of refresh tokens. */
export type LossCause =
  /** The one window: its owner was killed after the issuer had rotated and before the answer was durable. */
  | "killed-in-the-window"
  /** The issuer was told to lose its answer, or went down with it. */
  | "answer-lost"
  /** The answer came, and its owner gave it up because it had stood still. */
  | "stopped-in-the-window"
  /** The answer did not come within the time-out of the request. */
  | "answer-too-late"
  | "unexplained"

export class Verdicts {
  readonly #presentations: Presentations
  readonly #lives: Lives
  readonly #wasFaulty: (from: number, to: number) => boolean

  constructor(parts: {
    readonly presentations: Presentations
    readonly lives: Lives
    /** Whether the issuer was made to fail between the two moments. */
    readonly wasFaulty: (from: number, to: number) => boolean
  }) {
    this.#presentations = parts.presentations
    this.#lives = parts.lives
    this.#wasFaulty = parts.wasFaulty
  }

  /** What is wrong with a sending, by what its worker could know; undefined: nothing. Its answer has been observed. */
  objectionTo(sending: Sending): string | undefined {
    const { what, at, how, worker } = sending
    const durableAt = this.#presentations.committedAt(what)
    if (durableAt !== undefined && durableAt < at) return "presented after its successor was durable"
    const earlier = this.#presentations.of(what).filter((each) => each !== sending && each.at <= at)
    const open = earlier.filter(({ releasedAt = Infinity }) => releasedAt > at)
    const living = open.filter((each) => each.worker !== worker && this.#stillHas(each, at))
    if (living.length > 0) return `presented while ${living[0]?.worker ?? ""}, who had sent it, was alive`
    if (how === "repeat" && !open.some((each) => each.worker === worker)) return "a repeat of what it had not sent"
    if (how === "within-leeway") return "presented again within a leeway that there is none of"
    return undefined
  }

  /**
   * Whether it was not for others to send it then. A refusal that is certain, or a connection that never was, settles it;
   * that this was written down late proves nothing.
   */
  #stillHas({ worker, at, answer }: Sending, later: number): boolean {
    const isCertain = answer === undefined || isRefusal(answer)
    return !isCertain && !this.#lives.hasGivenUp(worker, at, later)
  }

  reuseOf(sending: Sending): ReuseKind {
    if (sending.how === "last-try" || sending.how === "repeat") return sending.how
    const overtaker = this.#presentations
      .of(sending.what)
      .find((each) => each.at > sending.at && each.answer?.status === 200)
    return overtaker === undefined ? "forbidden" : "late-arrival"
  }

  /** Why the reuse of this token could not be avoided. */
  causeOf(what: string): LossCause {
    const spender = this.#presentations.of(what).find(({ answer }) => answer?.status === 200)
    if (spender?.answer === undefined || spender.committedAt !== undefined) return "unexplained"
    const { worker, at, answeredAt, failedAt, answer } = spender
    if (answer.planned !== undefined) return "answer-lost"
    const wasKilled = this.#lives.goneAt(worker) !== undefined
    if (answeredAt !== undefined || failedAt === undefined) return wasKilled ? "killed-in-the-window" : "unexplained"
    if (this.#wasFaulty(at, failedAt)) return "answer-lost"
    return this.#lives.wasStopped(worker, at, failedAt) ? "stopped-in-the-window" : "answer-too-late"
  }
}

function isRefusal({ planned }: TokenAnswer): boolean {
  return typeof planned === "object" && planned.status < 500
}
