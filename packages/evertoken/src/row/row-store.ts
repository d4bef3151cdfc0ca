import { sleep, type Clock } from "../clock.js"
import type { Random } from "../random.js"
import { failure, refusal } from "./row-failure.js"
import { RowMemory } from "./row-memory.js"
import { EMPTY_ROW, readRow, rowText, type RowContent } from "./row-text.js"
import type { CheckedRows } from "./rows.js"

export interface RowStoreOptions {
  readonly rows: CheckedRows
  /** Whether a row that is gone was signed out, and was not lost. */
  readonly isAbsenceSignOut: boolean
  /** For messages. */
  readonly name: string
  readonly clock: Clock
  readonly random: Random
}

/** What to do with a row as it is: to write `next`, or nothing; and what then came of it. */
export interface RowChange<T> {
  readonly next?: RowContent | undefined
  readonly result: T
}

// longer than anybody waits for an answer whose outcome is unknown; a tombstone's token may stand in a configuration
const CLAIMS_KEPT_MS = 86_400_000
const TOMBSTONES_KEPT_MS = 30 * CLAIMS_KEPT_MS

// each one that does not end it has lost a race against another write
const MOST_ROUNDS = 100
const LONGEST_PAUSE_MS = 64

// half a kilobyte each, for users who may never come again
const MOST_REMEMBERED = 10_000

/** The rows as this library reads and writes them, and what this process has seen in each. */
export class RowStore {
  readonly isAbsenceSignOut: boolean
  readonly #options: RowStoreOptions
  readonly #memories = new Map<string, RowMemory>()

  constructor(options: RowStoreOptions) {
    this.isAbsenceSignOut = options.isAbsenceSignOut
    this.#options = options
  }

  /** @throws TokenError `ERR_TOKEN_CACHE`, also if there is something that cannot be read. */
  async read(key: string): Promise<RowContent> {
    return this.#noted(key, this.#contentOf(await this.#options.rows.load(key)))
  }

  /** Reads and writes, over again if somebody else has written in between. */
  async change<T>(key: string, decide: (content: RowContent) => RowChange<T>): Promise<T> {
    return this.#change(key, (text) => decide(this.#noted(key, this.#contentOf(text))))
  }

  /** Replaces even what cannot be read. @param generation of that, as far as it can be told */
  async replace(key: string, make: (content: RowContent, generation: number) => RowContent): Promise<void> {
    return this.#change(key, (text) => {
      const found = text === undefined ? { content: EMPTY_ROW } : readRow(text)
      const { content } = found
      const generation = content === undefined ? found.generation : (content.record?.version.generation ?? 0)
      return { next: make(content ?? EMPTY_ROW, generation), result: undefined }
    })
  }

  async remove(key: string): Promise<void> {
    await this.#options.rows.remove(key)
  }

  memoryOf(key: string): RowMemory {
    const memory = this.#memories.get(key) ?? new RowMemory(this.#options.clock)
    this.#memories.delete(key)
    this.#memories.set(key, memory) // the most recently used is the last one
    const [oldest = key] = this.#memories.keys()
    if (this.#memories.size > MOST_REMEMBERED) this.#memories.delete(oldest)
    return memory
  }

  async #change<T>(key: string, decide: (text: string | undefined) => RowChange<T>): Promise<T> {
    const { rows, name } = this.#options
    for (let round = 0; round < MOST_ROUNDS; round++) {
      await this.#pause(round)
      const text = await rows.load(key)
      const { next, result } = decide(text)
      if (next === undefined) return result
      const written = this.#swept(next)
      if (!(await rows.save(key, rowText(written), text))) continue
      this.#noted(key, written)
      return result
    }
    throw failure(name, "a row changes faster than it can be written")
  }

  #contentOf(text: string | undefined): RowContent {
    if (text === undefined) return EMPTY_ROW
    const found = readRow(text)
    if (found.content !== undefined) return found.content
    const mend = "it stays as it is; to give it up: await cache.delete(key)"
    throw refusal(this.#options.name, `what is in a row ${found.problem}: ${mend}`)
  }

  #noted(key: string, content: RowContent): RowContent {
    this.memoryOf(key).note(content, this.isAbsenceSignOut)
    return content
  }

  #swept(content: RowContent): RowContent {
    const now = this.#options.clock.now()
    const { spends } = content
    return {
      ...content,
      claims: content.claims.filter(({ what, at }) => what === spends || at > now - CLAIMS_KEPT_MS),
      tombstones: content.tombstones.filter(({ what, at }) => what === spends || at > now - TOMBSTONES_KEPT_MS),
    }
  }

  // the first one that was overtaken goes on at once
  async #pause(round: number): Promise<void> {
    const { clock, random } = this.#options
    if (round > 1) await sleep(clock, random() * Math.min(2 ** round, LONGEST_PAUSE_MS))
  }
}
