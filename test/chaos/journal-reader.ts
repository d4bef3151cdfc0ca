import { closeSync, openSync, readSync } from "node:fs"
import type { JournalEntry } from "../processes/journal.js"

/** Reads what was added to the journal of the workers since it was last asked. */
export class JournalReader {
  readonly #file: number
  readonly #chunk = Buffer.alloc(1 << 16)
  #rest = Buffer.alloc(0)

  /** The file is created if it is not there. */
  constructor(path: string) {
    this.#file = openSync(path, "a+", 0o600)
  }

  next(): readonly JournalEntry[] {
    const entries: JournalEntry[] = []
    for (;;) {
      const length = readSync(this.#file, this.#chunk, 0, this.#chunk.byteLength, null)
      if (length === 0) return entries
      const text = Buffer.concat([this.#rest, this.#chunk.subarray(0, length)])
      const end = text.lastIndexOf("\n") + 1
      this.#rest = Buffer.from(text.subarray(end))
      for (const line of text.toString("utf8", 0, end).split("\n")) {
        if (line !== "") entries.push(JSON.parse(line) as JournalEntry)
      }
    }
  }

  close(): void {
    closeSync(this.#file)
  }
}
