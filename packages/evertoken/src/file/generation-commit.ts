import { dirname, join } from "node:path"
import { systemErrorCode } from "../errors.js"
import type { Commit, StoredToken } from "../token-cache.js"
import { sameVersion, type TokenVersion } from "../token.js"
import {
  linkExclusively,
  namesIn,
  remove,
  removeQuietly,
  replaceDurably,
  syncDirectory,
  writeTemporary,
} from "./durable-write.js"
import { explain, refusal } from "./file-failure.js"
import { generationName, generationsIn, type Generations } from "./generations.js"
import type { StoreReport } from "./private-file.js"
import type { ReservedRoom } from "./reserved-room.js"
import type { StoreDirectory, StorePaths } from "./store-directory.js"
import { encodeRecord, HIGHEST_GENERATION, LARGEST_RECORD_BYTES } from "../stored-record.js"

export interface GenerationCommitOptions {
  readonly directory: StoreDirectory
  readonly generations: Generations
  readonly room: ReservedRoom
  readonly report: StoreReport
}

/**
 * Compare-and-set on the files of a store (design, section 6). The exclusive creation of the next `gen-<n>` decides; all
 * who expect the same record compete for the same name. What follows it is cleaning up.
 */
export class GenerationCommit {
  readonly #options: GenerationCommitOptions

  constructor(options: GenerationCommitOptions) {
    this.#options = options
  }

  async commit(record: StoredToken, expected: TokenVersion | undefined): Promise<Commit> {
    try {
      return await this.#tryOnce(record, expected)
    } catch (error) {
      // the directory, or the temporary file in it, was removed under our hands
      if (systemErrorCode(error) !== "ENOENT") throw error
      return this.#tryOnce(record, expected)
    }
  }

  async #tryOnce(record: StoredToken, expected: TokenVersion | undefined): Promise<Commit> {
    const { directory, generations, room } = this.#options
    const paths = await directory.ensure()
    const { record: current, floor } = await generations.read(paths)
    // an earlier attempt that failed after its record was in place, or somebody who refilled the store with it
    if (current !== undefined && sameOrigin(current.version, record.version)) return this.#settled(paths)
    const isLater = current === undefined || record.version.generation > current.version.generation
    if (!isLater || !sameVersion(current?.version, expected)) return { committed: false, current }

    const slot = floor + 1
    // written above, it would be found by nobody
    if (slot > HIGHEST_GENERATION)
      throw refusal(`${paths.store} counts higher than anyone can have counted: remove it and its .d directory`)
    if (record.sealed !== undefined && record.version.generation < slot) return { committed: false, current, floor }
    const written = notBelow(slot, record)
    const bytes = encodeRecord(written)
    // it would be read by nobody, and hide the record before it
    if (bytes.byteLength > LARGEST_RECORD_BYTES) throw refusal(`the token is too large for ${paths.store}`)
    const temporary = await room.write(paths.side, bytes)
    try {
      if (!(await linkExclusively(temporary, join(paths.side, generationName(slot))))) return await this.#refused(paths)
    } finally {
      await removeQuietly(temporary)
    }
    await syncDirectory(paths.side)
    if (await this.#isBeaten(paths, slot, written)) {
      await remove(join(paths.side, generationName(slot)))
      return this.#refused(paths)
    }
    await this.#copyToStore(paths, bytes)
    await this.#removeBelow(paths, slot)
    return { committed: true }
  }

  async #refused(paths: StorePaths): Promise<Commit> {
    return { committed: false, current: (await this.#options.generations.read(paths)).record }
  }

  async #settled(paths: StorePaths): Promise<Commit> {
    await syncDirectory(paths.side)
    await syncDirectory(dirname(paths.store))
    return { committed: true }
  }

  /** Ours was a name that a later generation had left free. */
  async #isBeaten(paths: StorePaths, slot: number, { version }: StoredToken): Promise<boolean> {
    const [highest = 0] = generationsIn(await namesIn(paths.side))
    if (highest > slot) return true
    const store = await this.#options.generations.load(paths, paths.store)
    return store?.record !== undefined && store.record.version.generation >= version.generation
  }

  // for people and other tools; a separate copy, since a rename between two links of one file does nothing
  async #copyToStore(paths: StorePaths, bytes: Buffer): Promise<void> {
    try {
      await replaceDurably(await writeTemporary(paths.side, bytes), paths.store)
    } catch (error) {
      this.#options.report(
        "copy",
        `the record is safe in ${paths.side}, but not copied to ${paths.store}: ${explain(error)}`,
      )
    }
  }

  async #removeBelow({ side }: StorePaths, slot: number): Promise<void> {
    for (const lower of generationsIn(await namesIn(side))) {
      if (lower < slot) await removeQuietly(join(side, generationName(lower)))
    }
  }
}

function sameOrigin(a: TokenVersion, b: TokenVersion): boolean {
  return a.id === b.id && a.lineage === b.lineage
}

/** Above an unreadable generation the writer cannot know how far the counting has come. */
function notBelow(slot: number, record: StoredToken): StoredToken {
  const { version } = record
  return version.generation >= slot ? record : { ...record, version: { ...version, generation: slot } }
}
