import { randomId } from "../random.js"
import { inClockOfReader } from "../store-clock.js"
import { decodeRecord, encodeRecord, HIGHEST_GENERATION, LARGEST_RECORD_BYTES } from "../stored-record.js"
import type { Commit, StoredToken } from "../token-cache.js"
import { sameVersion, type TokenVersion } from "../token.js"
import { READ_RECORD, SWAP_RECORD } from "./record-scripts.js"
import { failure, refusal } from "./redis-failure.js"
import type { ScriptRunner } from "./script-runner.js"

export interface RedisRecordOptions {
  /** Where it is, and the channel on which changes of it are told. */
  readonly redisKey: string
  readonly runner: ScriptRunner
  readonly report: (operation: string, detail: string) => void
}

/** What is stored, or was when it was seen last. */
interface Stored {
  /** By this Redis tells it from anything else. Empty: nothing is stored. */
  readonly digest: string
  /** Undefined: nothing, or nothing that can be read. */
  readonly version: TokenVersion | undefined
  readonly record?: StoredToken | undefined
  /** The highest generation of which anything is known, readable or not: the next one goes on from here. */
  readonly floor: number
  /** By how much the clock of Redis was ahead of this process's. */
  readonly offsetMs: number
}

// each one that does not end it has lost a race against another process
const MOST_ROUNDS = 100

/**
 * The record of one key. It is compared by its whole text before it is replaced: nothing is overwritten that this process
 * has not read, whoever wrote it.
 */
export class RedisRecord {
  readonly #options: RedisRecordOptions
  #seen: Omit<Stored, "record"> | undefined
  #reported = ""

  constructor(options: RedisRecordOptions) {
    this.#options = options
  }

  /** The digest of what was seen last. */
  get seen(): string {
    return this.#seen?.digest ?? ""
  }

  async get(): Promise<StoredToken | undefined> {
    return (await this.#read()).record
  }

  /** The digest of what is there, which costs little if it is the one that is known. */
  async look(known: string): Promise<string> {
    const { redisKey, runner } = this.#options
    const doing = `look for a newer token in ${redisKey}`
    const { texts } = await runner.run({ doing, script: READ_RECORD, key: redisKey, args: [known] })
    return texts[0] ?? ""
  }

  async commit(record: StoredToken, expected: TokenVersion | undefined): Promise<Commit> {
    let there: Stored = this.#seen ?? (await this.#read())
    // what was seen may be outdated, which only the exchange itself tells
    if (!isFollowed(there, record, expected)) there = await this.#read()
    for (let round = 0; round < MOST_ROUNDS; round++) {
      // an earlier attempt whose answer was lost, or somebody who refilled the store with it
      if (sameOrigin(there.version, record.version)) return { committed: true }
      if (!isFollowed(there, record, expected)) return { committed: false, current: there.record }
      const { floor } = there
      if (record.sealed !== undefined && record.version.generation <= floor)
        return { committed: false, current: undefined, floor }
      const other = await this.#exchange(there, record)
      if (other === undefined) return { committed: true }
      there = other
    }
    throw this.#tooFast()
  }

  async delete(): Promise<void> {
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const { record, floor } = await this.#read()
      const version = { lineage: record?.version.lineage ?? randomId(), generation: floor + 1, id: randomId() }
      const mark = { version, lineages: record?.lineages ?? [] }
      if ((await this.commit(mark, record?.version)).committed) return
    }
    throw this.#tooFast()
  }

  async #read(): Promise<Stored> {
    const { redisKey, runner } = this.#options
    const doing = `read the token in ${redisKey}`
    const { texts, offsetMs } = await runner.run({ doing, script: READ_RECORD, key: redisKey, args: [""] })
    return this.#found(texts, offsetMs)
  }

  /** Undefined: done. Else what is there in place of what was expected. */
  async #exchange(there: Stored, record: StoredToken): Promise<Stored | undefined> {
    const { redisKey, runner } = this.#options
    const written = above(there.floor, record)
    if (written.version.generation > HIGHEST_GENERATION)
      throw refusal(`${redisKey} counts higher than anyone can have counted: remove it`)
    const bytes = encodeRecord(written)
    // it would be read by nobody, and hide the record before it
    if (bytes.byteLength > LARGEST_RECORD_BYTES) throw refusal(`the token is too large for ${redisKey}`)
    const isUnreadable = there.version === undefined && there.digest !== ""
    const args = [there.digest, bytes.toString(), there.offsetMs, redisKey, isUnreadable ? "aside" : ""]
    const doing = `write the token to ${redisKey}`
    const { texts, offsetMs } = await runner.run({ doing, script: SWAP_RECORD, key: redisKey, args })
    const [outcome, digest = "", ...rest] = texts
    if (outcome !== "written") return this.#found([digest, ...rest], offsetMs)
    const { version } = written
    this.#seen = { digest, version, floor: version.generation, offsetMs }
    return undefined
  }

  #found([digest = "", text = "", writerOffset]: readonly string[], offsetMs: number): Stored {
    if (digest === "") return this.#note({ digest, version: undefined, floor: 0, offsetMs })
    const bytes = Buffer.from(text)
    const decoded = decodeRecord(bytes.byteLength > LARGEST_RECORD_BYTES ? undefined : bytes)
    if (decoded.record === undefined) {
      this.#reportOnce(
        digest,
        `the record in ${this.#options.redisKey} ${decoded.problem}: the next one keeps it aside`,
      )
      return this.#note({ digest, version: undefined, floor: decoded.generation, offsetMs })
    }
    const { version } = decoded.record
    const offsets = { writerMs: Number(writerOffset), readerMs: offsetMs }
    const seen = this.#note({ digest, version, floor: version.generation, offsetMs })
    return { ...seen, record: inClockOfReader(decoded.record, offsets) }
  }

  // without the token: it is only compared with
  #note(stored: Omit<Stored, "record">): Omit<Stored, "record"> {
    this.#seen = stored
    return stored
  }

  #reportOnce(digest: string, detail: string): void {
    if (digest !== this.#reported) this.#options.report("read", detail)
    this.#reported = digest
  }

  #tooFast() {
    return failure(`${this.#options.redisKey} changes faster than it can be written`)
  }
}

function isFollowed(there: Stored, record: StoredToken, expected: TokenVersion | undefined): boolean {
  const isLater = there.version === undefined || record.version.generation > there.version.generation
  return isLater && sameVersion(there.version, expected)
}

function sameOrigin(a: TokenVersion | undefined, b: TokenVersion): boolean {
  return a?.id === b.id && a.lineage === b.lineage
}

/** Above an unreadable generation the writer cannot know how far the counting has come. */
function above(floor: number, record: StoredToken): StoredToken {
  const { version } = record
  return version.generation > floor ? record : { ...record, version: { ...version, generation: floor + 1 } }
}
