import { Token, TokenPool, type TokenSource } from "evertoken"
import { seededRandom } from "evertoken/testing"

/**
 * Nanoseconds of one `current(key)`: of any key of the pool, and of a few that are always the same. And those of one
 * `map.get(key)` of any key, with a look at what it finds: nothing that finds things by key costs less; and of one whose find
 * is compared with the time.
 */
export interface Reading {
  readonly any: number
  readonly few: number
  readonly map: number
  readonly floor: number
}

const FEW = 1_000
const READS = 100_000
// one request after the other comes with new keys; all at once would be a queue that is measured
const STARTED_TOGETHER = 100

/** A pool with a token for each of its keys. */
export class FilledPool {
  readonly size: number
  readonly bytesPerKey: number
  readonly startMicroseconds: number
  readonly #pool: TokenPool
  readonly #map: ReadonlyMap<string, { readonly expiresAt: number }>
  readonly #any: readonly string[]
  readonly #few: readonly string[]

  private constructor(
    pool: TokenPool,
    keys: readonly string[],
    costs: { bytesPerKey: number; startMicroseconds: number },
  ) {
    this.size = keys.length
    this.bytesPerKey = costs.bytesPerKey
    this.startMicroseconds = costs.startMicroseconds
    this.#pool = pool
    this.#map = new Map(keys.map((key, n) => [key, { expiresAt: n }]))
    const random = seededRandom(keys.length)
    const drawn = (among: number) => Array.from({ length: READS }, () => keys[Math.floor(random() * among)] ?? "none")
    this.#any = drawn(keys.length)
    this.#few = drawn(Math.min(FEW, keys.length))
  }

  static async fill(size: number): Promise<FilledPool> {
    const random = seededRandom(size)
    const keys = Array.from({ length: size }, (_, n) => `tenant-${Math.floor(random() * 1e9)}-${n}`)
    const pool = new TokenPool(() => source, { maximumSize: size })
    const before = heapBytes()
    const startMicroseconds: number[] = []
    for (let first = 0; first < size; first += STARTED_TOGETHER) {
      const some = keys.slice(first, first + STARTED_TOGETHER)
      const startedAt = performance.now()
      await Promise.all(some.map((key) => pool.getToken(key)))
      startMicroseconds.push(((performance.now() - startedAt) * 1_000) / some.length)
    }
    const bytesPerKey = (heapBytes() - before) / size
    return new FilledPool(pool, keys, { bytesPerKey, startMicroseconds: median(startMicroseconds) })
  }

  read(): Reading {
    const current = (key: string) => this.#pool.current(key).expiresAt
    const get = (key: string) => this.#map.get(key)?.expiresAt ?? 0
    const compare = (key: string) => ((this.#map.get(key)?.expiresAt ?? 0) < Date.now() ? 1 : 0)
    return {
      any: nanoseconds(current, this.#any),
      few: nanoseconds(current, this.#few),
      map: nanoseconds(get, this.#any),
      floor: nanoseconds(compare, this.#any),
    }
  }

  /** Nanoseconds of one `getToken(key)` of any key, awaited. */
  async awaited(): Promise<number> {
    const startedAt = performance.now()
    for (const key of this.#any) await this.#pool.getToken(key)
    return ((performance.now() - startedAt) * 1e6) / this.#any.length
  }

  close(): Promise<void> {
    return this.#pool.close()
  }
}

function nanoseconds(read: (key: string) => number, keys: readonly string[]): number {
  let sum = 0
  const startedAt = performance.now()
  for (const key of keys) sum += read(key)
  const tookMs = performance.now() - startedAt
  // what nobody looks at may not be done at all
  if (!Number.isFinite(sum)) throw new Error("a time is no number")
  return (tookMs * 1e6) / keys.length
}

let issued = 0

/** The same for all keys, so that what is measured is the pool's own. */
const source: TokenSource = {
  async getToken() {
    const issuedAt = Date.now()
    const accessToken = `token-${++issued}`.padEnd(40, "x")
    return new Token({ accessToken, issuedAt, staleAt: issuedAt + 2_700_000, expiresAt: issuedAt + 3_600_000 })
  },
}

function heapBytes(): number {
  // the second one takes what finalizers of the first have let go
  globalThis.gc?.()
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

export function median(figures: readonly number[]): number {
  return figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? NaN
}
