import type { Clock } from "../clock.js"
import type { Lease, LeaseBoard } from "../lease-claim.js"
import type { ClaimView } from "../token-cache.js"
import { refusal } from "./row-failure.js"
import type { RowChange, RowStore } from "./row-store.js"
import type { RowClaim, RowContent } from "./row-text.js"

// hosts' clocks differ a little
const MARK_TOLERANCE_MS = 1_000

export interface RowClaimBoardOptions {
  readonly key: string
  readonly what: string
  readonly store: RowStore
  /** For messages. */
  readonly name: string
  readonly clock: Clock
}

/**
 * The claims on one subject, in the row of its token. There is no clock of the store: an owner is gone once this process
 * has itself watched its claim for a whole lease without a sign of life.
 */
export class RowClaimBoard implements LeaseBoard {
  readonly #options: RowClaimBoardOptions
  /** Whoever took a claim where nothing is to be written, since there is nothing that anyone else could spend. */
  #unwritten: string | undefined

  constructor(options: RowClaimBoardOptions) {
    this.#options = options
  }

  async look(owner: string): Promise<ClaimView> {
    const { key, store, what } = this.#options
    const { claims, tombstones } = await store.read(key)
    const found = claims.filter((claim) => claim.what === what)
    const states = found.map((claim) => ({ n: claim.n, state: this.#stateOf(claim, owner) }))
    const highest = states.reduce<(typeof states)[number] | undefined>((a, b) => (a && a.n > b.n ? a : b), undefined)
    const sent = found.flatMap(({ sentAt }) => sentAt ?? [])
    return {
      n: highest?.n ?? 0,
      owner: highest?.state ?? "none",
      othersAlive: states.some(({ state }) => state === "alive"),
      sentAgoMs: sent.length === 0 ? undefined : this.#agoMs(Math.max(...sent)),
      rejected: tombstones.some((tombstone) => tombstone.what === what),
    }
  }

  take({ n, owner, leaseMs }: Lease): Promise<boolean> {
    return this.#change((content) => {
      if (this.#isSignedOut(content)) return { result: this.#takeUnwritten(owner) }
      const there = this.#find(content, n)
      // its own: the answer to it was lost
      if (there !== undefined) return { result: there.owner === owner }
      const claim = { what: this.#options.what, n, owner, beat: 1, leaseMs, at: this.#options.clock.now() }
      return { next: { ...content, claims: [...content.claims, claim] }, result: true }
    })
  }

  extend(lease: Lease): Promise<boolean> {
    return this.#change((content) => {
      if (this.#isSignedOut(content)) return { result: this.#unwritten === lease.owner }
      const next = this.#replaced(content, lease, (claim) => ({ ...claim, beat: claim.beat + 1 }))
      const isHighest = content.claims.every(({ what, n }) => what !== this.#options.what || n <= lease.n)
      return { next, result: next !== undefined && isHighest }
    })
  }

  markSent(lease: Lease): Promise<void> {
    const sentAt = this.#options.clock.now()
    return this.#changeOwn(lease, (claim) => ({ ...claim, beat: claim.beat + 1, sentAt }))
  }

  release(lease: Lease, extent: "own" | "all"): Promise<void> {
    this.#unwritten = undefined
    return this.#change((content) => {
      const own = this.#find(content, lease.n)
      if (own?.owner !== lease.owner) return { result: undefined }
      const isReleased = (claim: RowClaim) => claim === own || (extent === "all" && claim.what === this.#options.what)
      return { next: { ...content, claims: content.claims.filter((claim) => !isReleased(claim)) }, result: undefined }
    })
  }

  abandon(lease: Lease): Promise<void> {
    this.#unwritten = undefined
    return this.#changeOwn(lease, (claim) => ({ ...claim, owner: "" }))
  }

  reject(): Promise<void> {
    const { what, clock } = this.#options
    return this.#change((content) => {
      const isThere = content.tombstones.some((tombstone) => tombstone.what === what)
      if (isThere || this.#isSignedOut(content)) return { result: undefined }
      return { next: { ...content, tombstones: [...content.tombstones, { what, at: clock.now() }] }, result: undefined }
    })
  }

  #change<T>(decide: (content: RowContent) => RowChange<T>): Promise<T> {
    return this.#options.store.change(this.#options.key, decide)
  }

  #changeOwn(lease: Lease, change: (claim: RowClaim) => RowClaim): Promise<void> {
    return this.#change((content) => ({ next: this.#replaced(content, lease, change), result: undefined }))
  }

  /** Undefined: the claim is not this owner's. */
  #replaced(content: RowContent, { n, owner }: Lease, change: (claim: RowClaim) => RowClaim): RowContent | undefined {
    const own = this.#find(content, n)
    if (own?.owner !== owner) return undefined
    const changed = { ...change(own), at: this.#options.clock.now() }
    return { ...content, claims: content.claims.map((claim) => (claim === own ? changed : claim)) }
  }

  #find({ claims }: RowContent, n: number): RowClaim | undefined {
    return claims.find((claim) => claim.what === this.#options.what && claim.n === n)
  }

  #stateOf(claim: RowClaim, owner: string): "self" | "alive" | "gone" {
    if (claim.owner === owner) return "self"
    if (claim.owner === "") return "gone"
    return this.#options.store.memoryOf(this.#options.key).stillMs(claim) < claim.leaseMs ? "alive" : "gone"
  }

  // A mark from the future: a clock was set back, or another host's is ahead. Nobody knows when it was.
  #agoMs(time: number): number {
    const now = this.#options.clock.now()
    return time > now + MARK_TOLERANCE_MS ? Infinity : Math.max(0, now - time)
  }

  #isSignedOut({ record }: RowContent): boolean {
    return this.#options.store.isAbsenceSignOut && record === undefined
  }

  /**
   * Whoever is signed out has nothing to spend, so nobody needs to be kept from it; a claim would leave a row. What was
   * to be spent is the token that was here: whoever looks again finds that out.
   */
  #takeUnwritten(owner: string): boolean {
    const { key, what, store, name } = this.#options
    const isOfVersion = what.startsWith("v")
    if (isOfVersion) this.#unwritten = owner
    if (isOfVersion || what === store.memoryOf(key).spends) return isOfVersion
    const mend = 'a refresh token that is configured, or kept elsewhere, needs absence: "lost"'
    throw refusal(name, `nobody is signed in, since there is no row: ${mend}`)
  }
}
