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
  /** Something else went wrong, too: the issuer failed, somebody stood still, the next owner was killed, the family lost. */
  readonly wasDisturbed: boolean
}

interface Pending {
  readonly killedAs: KilledAs
  readonly at: number
  wasDisturbed: boolean
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

/** Measures how long others are without a renewal because an owner has died. */
export class Recoveries {
  readonly measured: Recovery[] = []
  readonly #owners = new Map<string, Owner>()
  /** Tokens that were sent, and no successor is known. */
  readonly #sent = new Set<string>()
  /** The newest ones: a death is heard of a little later. */
  readonly #renewals: number[] = []
  #pending: Pending[] = []

  note(entry: JournalEntry): void {
    if (entry.event === "step") this.#step(entry)
    if (entry.event !== "renewed") return
    this.#renewals.push(entry.at)
    if (this.#renewals.length > 100) this.#renewals.shift()
    const over = this.#pending.filter(({ at }) => at < entry.at)
    this.#pending = this.#pending.filter((pending) => !over.includes(pending))
    for (const { at, ...rest } of over) this.measured.push({ ...rest, tookMs: entry.at - at })
  }

  /** The journal has been read up to its death. */
  killed(worker: string, at: number, { wasDisturbed }: { readonly wasDisturbed: boolean }): void {
    const { phase, what = "" } = this.#owners.get(worker) ?? {}
    this.#owners.delete(worker)
    if (phase === undefined) return
    this.disturbed()
    const isUnknown = (phase === "claimed" || phase === "marked") && this.#sent.has(what)
    const killedAs = isUnknown ? "sent" : phase
    const renewedAt = this.#renewals.find((each) => each > at)
    if (renewedAt === undefined) this.#pending.push({ killedAs, at, wasDisturbed })
    else this.measured.push({ killedAs, tookMs: renewedAt - at, wasDisturbed })
  }

  /** Something else goes wrong. */
  disturbed(): void {
    for (const pending of this.#pending) pending.wasDisturbed = true
  }

  #step({ worker, step, what }: JournalEntry & { readonly event: "step" }): void {
    this.#owners.set(worker, { phase: PHASES[step], what })
    if (what === undefined) return
    if (step === "sending") this.#sent.add(what)
    if (step === "committed" || step === "released") this.#sent.delete(what)
  }
}
