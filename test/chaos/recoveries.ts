import type { JournalEntry } from "../processes/journal.js"

/**
 * How far the killed one had come: with the claim, with the mark, its request sent (or one before it for the same token,
 * whose outcome is unknown), answered, its answer written.
 */
export type KilledAs = "claimed" | "marked" | "sent" | "answered" | "committed"

/** How long it took from the death of an owner until the next renewal. */
export interface Recovery {
  readonly killedAs: KilledAs
  readonly tookMs: number
}

const PHASES = {
  looked: undefined,
  claimed: "claimed",
  "looked-again": "claimed",
  marked: "marked",
  sending: "sent",
  answered: "answered",
  committed: "committed",
  released: undefined,
} as const

interface Owner {
  readonly phase: KilledAs | undefined
  readonly what: string | undefined
}

/**
 * Measures recoveries, but for those that something else disturbed: an issuer that failed, somebody who stood still, the
 * death of the next owner.
 */
export class Recoveries {
  readonly measured: Recovery[] = []
  readonly #owners = new Map<string, Owner>()
  /** Tokens that were sent, and no successor is known. */
  readonly #sent = new Set<string>()
  /** The newest ones: a death is heard of a little later. */
  readonly #renewals: number[] = []
  #pending: { readonly killedAs: KilledAs; readonly at: number } | undefined

  note(entry: JournalEntry): void {
    if (entry.event === "step") this.#step(entry)
    if (entry.event !== "renewed") return
    this.#renewals.push(entry.at)
    if (this.#renewals.length > 100) this.#renewals.shift()
    if (this.#pending === undefined || this.#pending.at > entry.at) return
    const { killedAs, at } = this.#pending
    this.#pending = undefined
    this.measured.push({ killedAs, tookMs: entry.at - at })
  }

  /** The journal has been read up to its death. */
  killed(worker: string, at: number): void {
    const { phase, what = "" } = this.#owners.get(worker) ?? {}
    this.#owners.delete(worker)
    if (phase === undefined) return
    const isUnknown = (phase === "claimed" || phase === "marked") && this.#sent.has(what)
    const killedAs = isUnknown ? "sent" : phase
    const renewedAt = this.#renewals.find((each) => each > at)
    if (renewedAt === undefined) this.#pending = { killedAs, at }
    else this.measured.push({ killedAs, tookMs: renewedAt - at })
  }

  /** What is under way tells nothing: something else went wrong, too, or the family is lost. */
  disturbed(): void {
    this.#pending = undefined
  }

  #step({ worker, step, what }: JournalEntry & { readonly event: "step" }): void {
    this.#owners.set(worker, { phase: PHASES[step], what })
    if (what === undefined) return
    if (step === "sending") this.#sent.add(what)
    if (step === "committed" || step === "released") this.#sent.delete(what)
  }
}
