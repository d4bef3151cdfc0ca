import type { Clock, Timer } from "./clock.js"
import { TokenError } from "./errors.js"
import { randomId } from "./random.js"
import type { Claim, ClaimView } from "./token-cache.js"

/**
 * The claims on one subject in a store that several hosts share. Nobody there sees whether an owner lives: it holds a
 * lease, by the clock of the store, and an owner whose lease has run out is gone. Each method is one atomic step in the
 * store, and rejects with `ERR_TOKEN_CACHE` if it cannot be used.
 */
export interface LeaseBoard {
  /** How things stand for `owner`. A mark from the store's future was made `Infinity` ms ago: its clock was set back. */
  look(owner: string): Promise<ClaimView>
  /** Creates claim `n` with a lease, unless it is there. */
  take(lease: Lease): Promise<boolean>
  /** Renews the lease, if the claim is still this owner's. @returns whether it is, and no higher one is there. */
  extend(lease: Lease): Promise<boolean>
  /** Sets the mark of the claim, or its time anew; durable as far as the store is. Nothing if it is not this owner's. */
  markSent(lease: Lease): Promise<void>
  /** Removes the claim with its mark, or with `"all"` those of the subject; nothing if it is not this owner's. */
  release(lease: Lease, extent: "own" | "all"): Promise<void>
  /** Ends the lease; claim and mark stay. */
  abandon(lease: Lease): Promise<void>
  /** Writes the tombstone. */
  reject(): Promise<void>
}

/** Claim number `n` of `owner`, for `leaseMs` from the moment that the store is asked. */
export interface Lease {
  readonly n: number
  readonly owner: string
  readonly leaseMs: number
}

export interface LeaseClaimOptions {
  readonly clock: Clock
  readonly leaseMs: number
}

/**
 * A claim that its owner keeps by renewing a lease, every third of it. A lease that ran out while nobody took the next
 * number is simply renewed: whoever looks later finds the owner alive, and whoever took the next number looks once more
 * before it sends.
 */
export class LeaseClaim implements Claim {
  readonly #board: LeaseBoard
  readonly #options: LeaseClaimOptions
  readonly #owner = randomId()
  #taken: Lease | undefined
  #heartbeat: Timer | undefined

  constructor(board: LeaseBoard, options: LeaseClaimOptions) {
    this.#board = board
    this.#options = options
  }

  look(): Promise<ClaimView> {
    return this.#board.look(this.#owner)
  }

  async take(n: number): Promise<boolean> {
    if (this.#taken !== undefined) throw refused("a claim is taken once: release it first")
    const lease = { n, owner: this.#owner, leaseMs: this.#options.leaseMs }
    // if no answer comes it may be there all the same, and is to be released
    this.#taken = lease
    const taken = await this.#board.take(lease)
    if (taken) this.#beat(lease)
    else this.#taken = undefined
    return taken
  }

  async markSent(): Promise<void> {
    if (this.#taken === undefined) throw refused("a claim must be taken before it is marked")
    await this.#board.markSent(this.#taken)
  }

  async isHeld(): Promise<boolean> {
    return this.#taken !== undefined && this.#board.extend(this.#taken)
  }

  async release(extent: "own" | "all"): Promise<void> {
    const taken = this.#taken
    if (taken === undefined) return
    await this.#board.release(taken, extent)
    this.#end()
  }

  async abandon(): Promise<void> {
    const taken = this.#taken
    this.#end()
    if (taken !== undefined) await this.#board.abandon(taken)
  }

  reject(): Promise<void> {
    return this.#board.reject()
  }

  #beat(lease: Lease): void {
    this.#heartbeat = this.#options.clock.setTimer(() => void this.#extend(lease), lease.leaseMs / 3, { ref: false })
  }

  // a store that is away comes back: the lease is then renewed, if nobody has taken the next number
  async #extend(lease: Lease): Promise<void> {
    await this.#board.extend(lease).catch(() => undefined)
    if (this.#taken === lease) this.#beat(lease)
  }

  #end(): void {
    this.#taken = undefined
    this.#heartbeat?.cancel()
  }
}

function refused(message: string): TokenError {
  return new TokenError("ERR_TOKEN_CACHE", message, { transient: false })
}
