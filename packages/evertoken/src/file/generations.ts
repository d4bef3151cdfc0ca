import fs from "node:fs/promises"
import { basename, join } from "node:path"
import { hashOf } from "../token-source.js"
import type { StoredToken } from "../token-cache.js"
import { linkExclusively, namesIn } from "./durable-write.js"
import { explain, refusal, unlessMissing } from "./file-failure.js"
import { readPrivateFile, type PrivateFile, type StoreReport } from "./private-file.js"
import type { StorePaths } from "./store-directory.js"
import { decodeRecord, HIGHEST_GENERATION, type Decoded } from "../stored-record.js"

const PREFIX = "gen-"

/** The name of a generation's file. */
export function generationName(slot: number): string {
  return `${PREFIX}${slot}`
}

/** The generations among the names of a directory, highest first. */
export function generationsIn(names: readonly string[]): readonly number[] {
  const slots = names.flatMap((name) => {
    const slot = Number(name.slice(PREFIX.length))
    return Number.isSafeInteger(slot) && slot > 0 && slot <= HIGHEST_GENERATION && name === generationName(slot)
      ? [slot]
      : []
  })
  return slots.sort((a, b) => b - a)
}

/** What a store holds. */
export interface Current {
  /** Undefined: nothing, or nothing that can be read. */
  readonly record: StoredToken | undefined
  /** The highest generation of which anything is known, readable or not: the next one goes on from here. */
  readonly floor: number
}

/**
 * Reads a store: its record is the highest generation among the store file and `<store>.d/gen-*`. What cannot be read is
 * reported and kept aside under a name of its own; where it is the newest, there is no record: an older one may be spent.
 */
export class Generations {
  readonly #report: StoreReport
  readonly #reported = new Set<string>()

  constructor(report: StoreReport) {
    this.#report = report
  }

  async read(paths: StorePaths): Promise<Current> {
    for (let attempt = 0; attempt < 1_000; attempt++) {
      const [highest = 0] = generationsIn(await namesIn(paths.side))
      const store = await this.load(paths, paths.store)
      if (highest === 0) return currentOf(store, undefined, 0)
      const generation = await this.load(paths, join(paths.side, generationName(highest)))
      // removed since it was listed: there is a higher one now
      if (generation !== undefined) return currentOf(store, generation, highest)
    }
    throw refusal(`${paths.side} changes faster than it can be read`)
  }

  /** Undefined: it is not there. */
  async load(paths: StorePaths, path: string): Promise<Decoded | undefined> {
    const file = await readPrivateFile(path, this.#report)
    if (file === undefined) return undefined
    const decoded = decodeRecord(file.bytes)
    if (decoded.record === undefined) await this.#keepAside(paths, path, { file, problem: decoded.problem })
    return decoded
  }

  // A second name for the same file: nothing is moved from under a newer version that can read it, and nothing is
  // lost when the next generation takes its place.
  async #keepAside({ side }: StorePaths, path: string, { file, problem }: { file: PrivateFile; problem: string }) {
    const { dev, ino, mtimeMs, size } = file.stats
    const name = `aside-${basename(path)}-${hashOf([dev, ino, mtimeMs, size].join())}`
    if (this.#reported.has(name)) return
    this.#reported.add(name)
    try {
      await fs.mkdir(side, { recursive: true, mode: 0o700 })
      await unlessMissing(() => linkExclusively(path, join(side, name)))
      this.#report("read", `${path} ${problem}: kept as ${join(side, name)}`)
    } catch (error) {
      this.#report("read", `${path} ${problem}, and cannot be kept aside: ${explain(error)}`)
    }
  }
}

function currentOf(store: Decoded | undefined, generation: Decoded | undefined, highest: number): Current {
  const candidates = [store?.record, generation?.record].filter((record) => record !== undefined)
  const [record] = candidates.sort((a, b) => b.version.generation - a.version.generation)
  const isNewest = generation?.record !== undefined || (record?.version.generation ?? 0) >= highest
  if (record !== undefined && isNewest) return { record, floor: Math.max(highest, record.version.generation) }
  return { record: undefined, floor: Math.max(highest, generationOf(store), generationOf(generation)) }
}

function generationOf(decoded: Decoded | undefined): number {
  if (decoded === undefined) return 0
  return decoded.record === undefined ? decoded.generation : decoded.record.version.generation
}
