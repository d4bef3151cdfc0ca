import type { TokenAnswer } from "../issuer/token-requests.js"
import type { JournalEntry } from "../processes/journal.js"

/** One presentation of a refresh token, as its sender wrote it down before, and as the issuer saw it. */
export interface Sending {
  readonly what: string
  readonly worker: string
  readonly request: string
  readonly at: number
  readonly how: string
  answeredAt: number | undefined
  failedAt: number | undefined
  committedAt: number | undefined
  /** Its claim was given back: what was sent under it is settled. */
  releasedAt: number | undefined
  /** What the issuer knows of it; undefined: it never came there. */
  answer: TokenAnswer | undefined
}

/** Every presentation of every refresh token: who, when, how, and what became of it. */
export class Presentations {
  readonly #byRequest = new Map<string, Sending>()
  readonly #byWhat = new Map<string, Sending[]>()
  readonly #newestOf = new Map<string, Sending>()
  /** When the successor of a token was durable first. */
  readonly #committedAt = new Map<string, number>()

  note(entry: JournalEntry): Sending | undefined {
    const newest = this.#newestOf.get(entry.worker)
    if (entry.event === "failed" && newest?.answeredAt === undefined && newest !== undefined)
      newest.failedAt ??= entry.at
    if (entry.event !== "step" || entry.what === undefined) return undefined
    if (entry.step === "sending") return this.#sent(entry, entry.what)
    if (entry.step === "committed" && !this.#committedAt.has(entry.what)) this.#committedAt.set(entry.what, entry.at)
    if (newest?.what !== entry.what) return undefined
    if (entry.step === "answered") newest.answeredAt ??= entry.at
    if (entry.step === "committed") newest.committedAt ??= entry.at
    if (entry.step === "released") for (const each of this.#by(entry.worker, entry.what)) each.releasedAt ??= entry.at
    return newest
  }

  /** Undefined: nobody has written that he sent it. */
  answered(answer: TokenAnswer): Sending | undefined {
    const sending = this.#byRequest.get(answer.request.requestId ?? "")
    if (sending !== undefined) sending.answer = answer
    return sending
  }

  of(what: string): readonly Sending[] {
    return this.#byWhat.get(what) ?? []
  }

  committedAt(what: string): number | undefined {
    return this.#committedAt.get(what)
  }

  get all(): Iterable<Sending> {
    return this.#byRequest.values()
  }

  #by(worker: string, what: string): readonly Sending[] {
    return this.of(what).filter((each) => each.worker === worker)
  }

  #sent(entry: JournalEntry & { readonly event: "step" }, what: string): Sending {
    const { worker, request = "", at, presentation: how = "untold" } = entry
    const unknown = { answeredAt: undefined, failedAt: undefined, committedAt: undefined, releasedAt: undefined }
    const sending: Sending = { what, worker, request, at, how, ...unknown, answer: undefined }
    this.#byRequest.set(request, sending)
    this.#byWhat.set(what, [...this.of(what), sending])
    this.#newestOf.set(worker, sending)
    return sending
  }
}
