import type { Clock } from "./clock.js"
import { TokenError } from "./errors.js"
import type { Claim, ClaimView } from "./token-cache.js"

/** The claims on one subject that the {@link MemoryClaim}s of one cache share. */
export class ClaimBoard {
  readonly claims = new Map<number, ClaimEntry>()
  rejected = false

  highest(): number {
    return Math.max(0, ...this.claims.keys())
  }

  /** Nothing would be lost if it were forgotten. */
  get empty(): boolean {
    return this.claims.size === 0 && !this.rejected
  }
}

interface ClaimEntry {
  readonly owner: MemoryClaim
  ownerAlive: boolean
  sentAt: Moment | undefined
}

interface Moment {
  readonly wall: number
  readonly monotonic: number
}

/** Gives the board of a subject; the same one until it is empty. */
export type FindBoard = () => ClaimBoard

/** A claim among the users of one `MemoryTokenCache`. All of them live in this process: an owner is gone only if it says so. */
export class MemoryClaim implements Claim {
  readonly #board: FindBoard
  readonly #clock: Clock
  #taken: { readonly n: number; readonly entry: ClaimEntry } | undefined

  constructor(board: FindBoard, clock: Clock) {
    this.#board = board
    this.#clock = clock
  }

  async look(): Promise<ClaimView> {
    const board = this.#board()
    const n = board.highest()
    const entries = [...board.claims.values()]
    const sentAgo = entries.flatMap(({ sentAt }) => (sentAt ? [this.#agoMs(sentAt)] : []))
    return {
      n,
      owner: this.#ownerOf(board.claims.get(n)),
      othersAlive: entries.some((entry) => entry.ownerAlive && entry.owner !== this),
      sentAgoMs: sentAgo.length > 0 ? Math.min(...sentAgo) : undefined,
      rejected: board.rejected,
    }
  }

  async take(n: number): Promise<boolean> {
    const { claims } = this.#board()
    if (claims.has(n)) return false
    const entry: ClaimEntry = { owner: this, ownerAlive: true, sentAt: undefined }
    claims.set(n, entry)
    this.#taken = { n, entry }
    return true
  }

  async markSent(): Promise<void> {
    if (this.#taken === undefined) {
      throw new TokenError("ERR_TOKEN_CACHE", "memory: a claim must be taken before it is marked", { transient: false })
    }
    this.#taken.entry.sentAt = { wall: this.#clock.now(), monotonic: this.#clock.monotonic() }
  }

  async isHeld(): Promise<boolean> {
    if (this.#taken === undefined) return false
    const { n, entry } = this.#taken
    const board = this.#board()
    return board.claims.get(n) === entry && board.highest() === n
  }

  async release(extent: "own" | "all"): Promise<void> {
    const { claims } = this.#board()
    if (this.#taken && claims.get(this.#taken.n) === this.#taken.entry) {
      if (extent === "all") claims.clear()
      else claims.delete(this.#taken.n)
    }
    this.#taken = undefined
  }

  async abandon(): Promise<void> {
    if (this.#taken) this.#taken.entry.ownerAlive = false
    this.#taken = undefined
  }

  async reject(): Promise<void> {
    this.#board().rejected = true
  }

  #ownerOf(entry: ClaimEntry | undefined): ClaimView["owner"] {
    if (entry === undefined) return "none"
    if (!entry.ownerAlive) return "gone"
    return entry.owner === this ? "self" : "alive"
  }

  // the longer of the two: an issuer's leeway goes on while this machine sleeps, and must never seem to last longer
  #agoMs({ wall, monotonic }: Moment): number {
    return Math.max(this.#clock.now() - wall, this.#clock.monotonic() - monotonic)
  }
}
