import { HIGHEST_GENERATION } from "../stored-record.js"
import { randomId } from "../random.js"
import type { Commit, StoredToken } from "../token-cache.js"
import { sameVersion, type TokenVersion } from "../token.js"
import { refusal } from "./row-failure.js"
import type { RowChange, RowStore } from "./row-store.js"
import { withRecord, type RowContent } from "./row-text.js"

// 2001: generations in these rows begin at the time, so one above is of a record that was in a row before
const EARLIEST_FIRST_GENERATION = 1e12

export interface RowRecordsOptions {
  readonly store: RowStore
  /** For messages. */
  readonly name: string
}

/** The records in the rows, and the marks of the sign-outs. */
export class RowRecords {
  readonly #store: RowStore
  readonly #name: string

  constructor({ store, name }: RowRecordsOptions) {
    this.#store = store
    this.#name = name
  }

  async get(key: string): Promise<StoredToken | undefined> {
    const { record } = await this.#store.read(key)
    return record ?? this.#store.memoryOf(key).signOut?.mark
  }

  commit(key: string, record: StoredToken, expected: TokenVersion | undefined): Promise<Commit> {
    return this.#store.change(key, (content) => {
      const current = content.record
      if (current === undefined && this.#store.isAbsenceSignOut) return this.#signIn(key, content, record, expected)
      // an earlier attempt whose answer was lost, or somebody who refilled the store with it
      if (current !== undefined && sameOrigin(current.version, record.version)) return { result: { committed: true } }
      const isLater = current === undefined || record.version.generation > current.version.generation
      const isFollowed = isLater && sameVersion(current?.version, expected) && !this.#isUndone(key, current, record)
      return isFollowed ? this.#written(content, record) : { result: { committed: false, current } }
    })
  }

  async delete(key: string): Promise<void> {
    if (this.#store.isAbsenceSignOut) return this.#store.remove(key)
    return this.#store.replace(key, (content, generation) => {
      const { version, lineages = [] } = content.record ?? {}
      const mark = { lineage: version?.lineage ?? randomId(), generation: generation + 1, id: randomId() }
      return withRecord(content, { version: mark, lineages })
    })
  }

  /**
   * Whether a sign-in would be lost to what was there before it, or to the mark of the sign-out before it: the host that
   * signed in has a clock so far behind that this process takes its record for an older one.
   */
  #isUndone(key: string, current: StoredToken | undefined, record: StoredToken): boolean {
    if (!this.#store.isAbsenceSignOut || current === undefined || isMark(current)) return false
    return isMark(record) || record.version.lineage === this.#store.memoryOf(key).past
  }

  /** Where no row is, nobody is signed in: only a new sign-in makes one, and none of what was there before. */
  #signIn(
    key: string,
    content: RowContent,
    record: StoredToken,
    expected: TokenVersion | undefined,
  ): RowChange<Commit> {
    const memory = this.#store.memoryOf(key)
    const { signOut } = memory
    const { version } = record
    // it was in a row before, or goes on with what was
    const isPutBack = record.restoredAt !== undefined || version.lineage === signOut?.ended
    if (isPutBack || !this.#isExpected(key, version, expected))
      return { result: { committed: false, current: this.#markAbove(key, record) } }
    if (isMark(record)) {
      memory.setSignOut({ mark: record, ended: signOut?.ended })
      return { result: { committed: true } }
    }
    const floor = memory.firstFloor()
    if (version.generation > floor) return this.#written(content, record)
    if (record.sealed !== undefined) return { result: { committed: false, current: signOut?.mark, floor } }
    return this.#written(content, { ...record, version: { ...version, generation: floor + 1 } })
  }

  /** A sign-in that knows of nothing expects nothing, and counts from one, or from where it was told to. */
  #isExpected(key: string, { generation }: TokenVersion, expected: TokenVersion | undefined): boolean {
    const memory = this.#store.memoryOf(key)
    if (expected !== undefined) return sameVersion(memory.signOut?.mark.version, expected)
    return generation < EARLIEST_FIRST_GENERATION || memory.hasTold(generation)
  }

  /** The mark that a late writer has to see: not older than what it has. */
  #markAbove(key: string, record: StoredToken): StoredToken {
    const memory = this.#store.memoryOf(key)
    const { signOut } = memory
    const { generation } = record.version
    if (signOut === undefined) return memory.signOutAfter(generation, record).mark
    if (generation <= signOut.mark.version.generation) return signOut.mark
    const { mark } = signOut
    return memory.setSignOut({
      ...signOut,
      mark: { ...mark, version: { ...mark.version, generation: generation + 1, id: randomId() } },
    }).mark
  }

  #written(content: RowContent, record: StoredToken): RowChange<Commit> {
    if (record.version.generation > HIGHEST_GENERATION)
      throw refusal(this.#name, "a row counts higher than anyone can have counted: remove it")
    return { next: withRecord(content, record), result: { committed: true } }
  }
}

function sameOrigin(a: TokenVersion, b: TokenVersion): boolean {
  return a.id === b.id && a.lineage === b.lineage
}

function isMark({ token, sealed }: StoredToken): boolean {
  return token === undefined && sealed === undefined
}
