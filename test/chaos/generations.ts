import type { JournalEntry } from "../processes/journal.js"

/** Whether the generations that workers see go up, and each is one token for all. */
export class GenerationsSeen {
  readonly #hashOf = new Map<number, string>()
  readonly #newestOf = new Map<string, number>()
  readonly #renewed = new Set<number>()

  /** What is wrong with it; undefined: nothing. */
  objectionTo(entry: JournalEntry): string | undefined {
    if (entry.event === "renewed") return this.#objectionToRenewal(entry.generation)
    if (entry.event !== "token") return undefined
    const { worker, generation, hash } = entry
    const before = this.#newestOf.get(worker) ?? 0
    this.#newestOf.set(worker, generation)
    if (generation <= before) return `${worker} was given generation ${generation} after ${before}`
    const known = this.#hashOf.get(generation) ?? hash
    this.#hashOf.set(generation, known)
    return known === hash ? undefined : `generation ${generation} is two different tokens`
  }

  #objectionToRenewal(generation: number): string | undefined {
    if (this.#renewed.has(generation)) return `generation ${generation} was written twice`
    this.#renewed.add(generation)
    return undefined
  }
}
