import { describe, expect, test } from "vitest"
import { LeaseClaim, type Lease, type LeaseBoard } from "./lease-claim.js"
import { VirtualClock } from "./testing/virtual-clock.js"

const LEASE_MS = 30_000

/** A store with one subject, whose answers can be made to fail. */
class Board implements LeaseBoard {
  readonly asked: string[] = []
  failing = false
  #lease: (Lease & { readonly until: number }) | undefined
  readonly #clock: VirtualClock

  constructor(clock: VirtualClock) {
    this.#clock = clock
  }

  get ownerAlive(): boolean {
    return this.#lease !== undefined && this.#lease.until > this.#clock.now()
  }

  async look(owner: string) {
    const isOwn = this.#lease?.owner === owner
    const state = this.ownerAlive ? (isOwn ? "self" : "alive") : this.#lease ? "gone" : "none"
    const n = this.#lease?.n ?? 0
    return { n, owner: state, othersAlive: this.ownerAlive && !isOwn, sentAgoMs: undefined, rejected: false } as const
  }
  async take(lease: Lease) {
    const isFree = this.#lease === undefined
    if (isFree) this.#lease = { ...lease, until: this.#clock.now() + lease.leaseMs }
    this.#note("take")
    return isFree
  }
  async extend(lease: Lease) {
    this.#note("extend")
    if (this.#lease?.owner !== lease.owner) return false
    this.#lease = { ...lease, until: this.#clock.now() + lease.leaseMs }
    return true
  }
  async markSent() {
    this.#note("mark")
  }
  async release(lease: Lease, extent: string) {
    this.#note(`release ${extent}`)
    if (this.#lease?.owner === lease.owner) this.#lease = undefined
  }
  async abandon() {
    this.#note("abandon")
    this.#lease &&= { ...this.#lease, until: 0 }
  }
  async reject() {
    this.#note("reject")
  }

  #note(step: string) {
    this.asked.push(step)
    if (this.failing) throw new Error("the store is away")
  }
}

function setUp() {
  const clock = new VirtualClock()
  const board = new Board(clock)
  return { clock, board, claim: () => new LeaseClaim(board, { clock, leaseMs: LEASE_MS }) }
}

describe("a claim by lease", () => {
  test("is renewed every third of it, for as long as it is taken", async () => {
    const { clock, board, claim } = setUp()
    const mine = claim()
    expect(await mine.take(1)).toBe(true)
    await clock.advance(10 * LEASE_MS)
    expect(board.asked.filter((step) => step === "extend")).toHaveLength(30)
    expect(await mine.look()).toMatchObject({ owner: "self" })
    expect(await claim().look()).toMatchObject({ n: 1, owner: "alive", othersAlive: true })
  })

  test.each(["release", "abandon"] as const)("is not renewed any more after %s", async (end) => {
    const { clock, board, claim } = setUp()
    const mine = claim()
    await mine.take(1)
    await (end === "release" ? mine.release("own") : mine.abandon())
    await clock.advance(10 * LEASE_MS)
    expect(board.asked).not.toContain("extend")
    expect(board.ownerAlive).toBe(false)
    expect(await mine.isHeld()).toBe(false)
  })

  test("outlives an outage of the store, if nobody took the next number", async () => {
    const { clock, board, claim } = setUp()
    const mine = claim()
    await mine.take(1)
    board.failing = true
    await clock.advance(2 * LEASE_MS)
    expect(await claim().look()).toMatchObject({ owner: "gone" })
    board.failing = false
    await clock.advance(LEASE_MS / 3)
    expect(await claim().look()).toMatchObject({ owner: "alive" })
    expect(await mine.isHeld()).toBe(true)
  })

  test("that was taken without an answer is released all the same", async () => {
    const { board, claim } = setUp()
    const mine = claim()
    board.failing = true
    await expect(mine.take(1)).rejects.toThrow("away")
    board.failing = false
    await mine.release("own")
    expect(board.asked).toEqual(["take", "release own"])
    expect(await claim().take(1)).toBe(true)
  })

  test("that could not be released is kept up until it is", async () => {
    const { clock, board, claim } = setUp()
    const mine = claim()
    await mine.take(1)
    board.failing = true
    await expect(mine.release("all")).rejects.toThrow("away")
    board.failing = false
    await clock.advance(LEASE_MS)
    expect(board.ownerAlive).toBe(true)
    await mine.release("all")
    expect(board.ownerAlive).toBe(false)
  })

  test("that another one has is neither held, nor marked, nor released", async () => {
    const { board, claim } = setUp()
    await claim().take(1)
    const theirs = claim()
    expect(await theirs.take(1)).toBe(false)
    expect(await theirs.isHeld()).toBe(false)
    await expect(theirs.markSent()).rejects.toMatchObject({ code: "ERR_TOKEN_CACHE", transient: false })
    await theirs.release("all")
    await theirs.abandon()
    expect(board.asked).toEqual(["take", "take"])
  })

  test("is taken once", async () => {
    const { claim } = setUp()
    const mine = claim()
    await mine.take(1)
    await expect(mine.take(2)).rejects.toMatchObject({ code: "ERR_TOKEN_CACHE", transient: false })
  })

  test("marks and tombstones are the store's", async () => {
    const { board, claim } = setUp()
    const mine = claim()
    await mine.take(1)
    await mine.markSent()
    await mine.reject()
    expect(board.asked).toEqual(["take", "mark", "reject"])
  })
})
