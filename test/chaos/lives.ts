import type { JournalEntry } from "../processes/journal.js"
import type { HaltSignal } from "../processes/worker-protocol.js"

const CLOSES_WITHIN_MS = 1_000

/** When workers were ended, and when they stood still. */
export class Lives {
  readonly #goneAt = new Map<string, number>()
  readonly #closings = new Map<string, { readonly from: number; to: number }[]>()
  readonly #stops = new Map<string, { readonly from: number; to: number }[]>()

  signalled(worker: string, signal: HaltSignal | "SIGCONT", at: number): void {
    if (signal === "SIGKILL" && !this.#goneAt.has(worker)) this.#goneAt.set(worker, at)
    const stops = this.#stops.get(worker) ?? []
    if (signal === "SIGSTOP") this.#stops.set(worker, [...stops, { from: at, to: Infinity }])
    if (signal === "SIGCONT") for (const stop of stops) stop.to = Math.min(stop.to, at)
  }

  note(entry: JournalEntry): void {
    if (entry.event === "halting") this.signalled(entry.worker, entry.signal, entry.at)
    const closings = this.#closings.get(entry.worker) ?? []
    if (entry.event === "closing") this.#closings.set(entry.worker, [...closings, { from: entry.at, to: Infinity }])
    if (entry.event === "closed") for (const closing of closings) closing.to = Math.min(closing.to, entry.at)
  }

  /** When it was killed. */
  goneAt(worker: string): number | undefined {
    return this.#goneAt.get(worker)
  }

  isGone(worker: string, at: number): boolean {
    return (this.#goneAt.get(worker) ?? Infinity) <= at
  }

  /** What it began at `from` it no longer pursued at `to`: killed, or closed, which leaves an unknown outcome to others. */
  hasGivenUp(worker: string, from: number, to: number): boolean {
    const hasClosed = (this.#closings.get(worker) ?? []).some(
      (closing) => closing.to >= from && closing.from <= to && this.#isAboutOver(worker, closing, to),
    )
    return hasClosed || this.isGone(worker, to)
  }

  /** It stood still for some of the time between the two moments. */
  wasStopped(worker: string, from: number, to: number): boolean {
    return (this.#stops.get(worker) ?? []).some((stop) => stop.from <= to && stop.to >= from)
  }

  // It gives its claim up a little before it writes down that it has closed; who stood still in between, long before.
  #isAboutOver(worker: string, closing: { readonly from: number; readonly to: number }, at: number): boolean {
    return closing.to <= at + CLOSES_WITHIN_MS || this.wasStopped(worker, closing.from, at)
  }
}
