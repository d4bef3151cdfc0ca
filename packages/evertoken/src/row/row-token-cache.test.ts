import { inspect } from "node:util"
import { describe, expect, test } from "vitest"
import { CachedTokenSource } from "../cached-token-source.js"
import { TokenError } from "../errors.js"
import { seededRandom } from "../random.js"
import { encodeRecord } from "../stored-record.js"
import { EventLog } from "../testing/internal/event-log.js"
import { MemoryRows } from "../testing/internal/memory-rows.js"
import { ScriptedSource } from "../testing/internal/scripted-source.js"
import { KEY, Simulation } from "../testing/internal/simulation.js"
import { VirtualClock } from "../testing/virtual-clock.js"
import type { StoredToken } from "../token-cache.js"
import { Token } from "../token.js"
import { RowTokenCache, type RowTokenCacheOptions } from "./row-token-cache.js"

const SUBJECT = { what: "0123456789abcdef", singleUse: true }

function recordOf(generation: number, lineage = "lineage"): StoredToken {
  const version = { lineage, generation, id: `id-${generation}` }
  const times = { issuedAt: 0, staleAt: 1_000, expiresAt: 2_000 }
  const token = new Token({ accessToken: "canary-access", refreshToken: `canary-refresh-${generation}`, ...times })
  return { version, token, lineages: [] }
}

function sealedOf(generation: number, lineage = "lineage"): StoredToken {
  const { version } = recordOf(generation, lineage)
  return { version, sealed: { jwe: `sealed for ${generation}`, spends: SUBJECT.what }, lineages: [] }
}

function scene() {
  const clock = new VirtualClock()
  const rows = new MemoryRows()
  const open = (options: RowTokenCacheOptions = {}) =>
    new RowTokenCache(rows, { clock, random: seededRandom(1), ...options })
  return { clock, rows, open, signedOut: () => open({ absence: "signed-out" }) }
}

function claimOf(cache: RowTokenCache, subject = SUBJECT) {
  return cache.claim(KEY, subject)
}

describe("where a row that is gone was signed out", () => {
  test("nobody who has not seen it takes it for anything but a miss", async () => {
    const { signedOut } = scene()
    expect(await signedOut().get(KEY)).toBeUndefined()
  })

  test("a first record counts from the time on, above whatever others still know", async () => {
    const { clock, signedOut } = scene()
    const cache = signedOut()
    expect(await cache.commit(KEY, recordOf(1), { expected: undefined })).toEqual({ committed: true })
    const first = await cache.get(KEY)
    expect(first?.version).toEqual({ lineage: "lineage", generation: clock.now() + 1, id: "id-1" })
    expect(first?.token?.refreshToken).toBe("canary-refresh-1")
  })

  test("a time that is no whole number makes a generation that is one", async () => {
    const { rows } = scene()
    const clock = new VirtualClock({ now: 1_767_225_600_000.25 })
    const cache = new RowTokenCache(rows, { clock, absence: "signed-out" })
    await cache.commit(KEY, recordOf(1), { expected: undefined })
    expect((await cache.get(KEY))?.version.generation).toBe(1_767_225_600_002)
  })

  test("who has seen the record that is gone sees the mark of its sign-out, the same one until there is a row again", async () => {
    const { rows, signedOut } = scene()
    const [cache, peer] = [signedOut(), signedOut()]
    await cache.commit(KEY, recordOf(1), { expected: undefined })
    const generation = (await peer.get(KEY))?.version.generation ?? 0
    await cache.delete(KEY)
    expect(rows.values.size).toBe(0)
    for (const each of [cache, peer]) {
      const mark = await each.get(KEY)
      expect(mark?.token).toBeUndefined()
      expect(mark?.version.generation).toBe(generation + 1)
      expect(await each.get(KEY)).toEqual(mark)
    }
    await cache.commit(KEY, recordOf(2, "new"), { expected: undefined })
    expect((await peer.get(KEY))?.token?.refreshToken).toBe("canary-refresh-2")
  })

  test("a late writer is refused, whatever it expects, and sees a mark that is not older than what it has", async () => {
    const { clock, rows, signedOut } = scene()
    const [cache, forgetful] = [signedOut(), signedOut()]
    await cache.commit(KEY, recordOf(1), { expected: undefined })
    const version = (await cache.get(KEY))?.version
    await cache.delete(KEY)
    const late = recordOf((version?.generation ?? 0) + 1)
    for (const each of [cache, forgetful]) {
      for (const expected of [version, undefined]) {
        const commit = await each.commit(KEY, late, { expected })
        if (commit.committed) throw new Error("it was to be refused")
        expect(commit.current?.token).toBeUndefined()
        expect(commit.current?.version.generation).toBeGreaterThanOrEqual(late.version.generation)
      }
    }
    expect(rows.values.size).toBe(0)
    expect(clock.pendingTimers).toBe(0)
  })

  test("what somebody puts back is refused even if it expects the mark, and however far it has counted", async () => {
    const { rows, signedOut } = scene()
    const cache = signedOut()
    await cache.commit(KEY, recordOf(1), { expected: undefined })
    await cache.delete(KEY)
    const mark = await cache.get(KEY)
    const ahead = recordOf((mark?.version.generation ?? 0) + 5)
    const commit = await cache.commit(KEY, ahead, { expected: mark?.version })
    if (commit.committed) throw new Error("it was to be refused")
    expect(commit.current?.version.generation).toBe(ahead.version.generation + 1)
    expect(await cache.get(KEY)).toEqual(commit.current)
    const restored = { ...recordOf(3, "another"), restoredAt: 1 }
    expect((await signedOut().commit(KEY, restored, { expected: undefined })).committed).toBe(false)
    expect(rows.values.size).toBe(0)
  })

  test("who has forgotten what it had seen, or never saw it, refuses what was in a row before, sealed or not", async () => {
    const { clock, rows, signedOut } = scene()
    for (const recordFor of [recordOf, sealedOf]) {
      const record = recordFor(clock.now() - 60_000)
      const commit = await signedOut().commit(KEY, record, { expected: undefined })
      if (commit.committed) throw new Error("it was to be refused")
      expect(commit.current?.version.generation).toBe(record.version.generation + 1)
    }
    expect(rows.values.size).toBe(0)
  })

  test("each sign-out has a mark of its own, above the sign-in before it, that knows its lineages", async () => {
    const { clock, signedOut } = scene()
    const [here, there] = [signedOut(), signedOut()]
    for (const round of [1, 2, 3]) {
      await clock.advance(60_000)
      await there.commit(KEY, { ...recordOf(1, `round ${round}`), lineages: ["configured"] }, { expected: undefined })
      const generation = (await here.get(KEY))?.version.generation ?? Infinity
      await there.delete(KEY)
      expect(await here.get(KEY)).toMatchObject({ version: { generation: generation + 1 }, lineages: ["configured"] })
    }
  })

  test("a sign-in on a host whose clock is behind still comes above the sign-out that it has seen", async () => {
    const { clock, rows, signedOut } = scene()
    for (const recordFor of [recordOf, sealedOf]) {
      const behind = signedOut()
      // it has told how high to go before the sign-out, too
      await behind.commit(KEY, sealedOf(1), { expected: undefined })
      const ahead = new VirtualClock({ now: clock.now() + 1_500 })
      const peer = new RowTokenCache(rows, { clock: ahead, absence: "signed-out" })
      await peer.commit(KEY, recordOf(1, "before"), { expected: undefined })
      await behind.get(KEY)
      await peer.delete(KEY)
      const generation = (await behind.get(KEY))?.version.generation ?? Infinity
      const commit = await behind.commit(KEY, recordFor(1, "new"), { expected: undefined })
      const written = commit.committed ? await behind.get(KEY) : undefined
      const reached = commit.committed ? (written?.version.generation ?? 0) - 1 : (commit.floor ?? 0)
      expect(reached).toBeGreaterThanOrEqual(generation)
      await behind.delete(KEY)
    }
  })

  test("how high a sealed sign-in has to go is told anew after a while", async () => {
    const { clock, signedOut } = scene()
    const cache = signedOut()
    await cache.commit(KEY, sealedOf(1), { expected: undefined })
    await clock.advance(60_000)
    const commit = await cache.commit(KEY, sealedOf(1), { expected: undefined })
    expect(commit).toMatchObject({ committed: false, floor: clock.now() })
  })

  test("an answer that was overtaken by newer ones does not make the mark older", async () => {
    const { clock, rows } = scene()
    const late: ((value: string | undefined) => void)[] = []
    let isHeldUp = false
    const load = (key: string) =>
      isHeldUp ? new Promise<string | undefined>((resolve) => late.push(resolve)) : rows.load(key)
    const save = (key: string, value: string, expected: string | undefined) => rows.save(key, value, expected)
    const cache = new RowTokenCache({ load, save, remove: (key) => rows.remove(key) }, { clock, absence: "signed-out" })
    await cache.commit(KEY, recordOf(1), { expected: undefined })
    const old = rows.values.get(KEY)
    isHeldUp = true
    const reading = cache.get(KEY)
    await clock.advance(0)
    isHeldUp = false
    const first = await cache.get(KEY)
    const generation = first?.version.generation ?? 0
    await cache.commit(KEY, recordOf(generation + 1), { expected: first?.version })
    await cache.delete(KEY)
    late[0]?.(old)
    await reading
    expect((await cache.get(KEY))?.version.generation).toBeGreaterThanOrEqual(generation + 2)
  })

  test("a sign-in that follows the mark is taken, and comes above it and the time", async () => {
    const { clock, signedOut } = scene()
    const cache = signedOut()
    await cache.commit(KEY, recordOf(1), { expected: undefined })
    await cache.delete(KEY)
    await clock.advance(60_000)
    const mark = await cache.get(KEY)
    const next = recordOf((mark?.version.generation ?? 0) + 1, "new")
    expect((await cache.commit(KEY, next, { expected: mark?.version })).committed).toBe(true)
    expect((await cache.get(KEY))?.version.generation).toBe(clock.now() + 1)
  })

  test("a sealed sign-in is told how high to go, and has the time to be sealed for it", async () => {
    const { clock, signedOut } = scene()
    const cache = signedOut()
    const floor = clock.now()
    const refused = await cache.commit(KEY, sealedOf(1), { expected: undefined })
    expect(refused).toEqual({ committed: false, current: undefined, floor })
    await clock.advance(100)
    const commit = await cache.commit(KEY, sealedOf(floor + 1), { expected: undefined })
    expect(commit).toEqual({ committed: true })
    expect((await cache.get(KEY))?.sealed?.jwe).toBe(`sealed for ${floor + 1}`)
    // after a sign-out the same: it follows the mark, or expects nothing
    await cache.delete(KEY)
    await clock.advance(60_000)
    const again = await cache.commit(KEY, sealedOf(1, "new"), { expected: undefined })
    expect(again).toMatchObject({ committed: false, floor: clock.now() })
    const raised = sealedOf(clock.now() + 1, "new")
    expect(await cache.commit(KEY, raised, { expected: undefined })).toEqual({ committed: true })
  })

  test("what was seen ten thousand keys ago is forgotten, and nobody puts it back all the same", async () => {
    const { rows, signedOut } = scene()
    const cache = signedOut()
    await cache.commit(KEY, recordOf(1), { expected: undefined })
    const record = await cache.get(KEY)
    for (let i = 0; i < 10_000; i++) await cache.get(`key ${i}`)
    rows.values.clear()
    expect(await cache.get(KEY)).toBeUndefined()
    if (record === undefined) throw new Error("it was there")
    expect((await cache.commit(KEY, record, { expected: undefined })).committed).toBe(false)
    expect((await cache.get(KEY))?.token).toBeUndefined()
    expect(rows.values.size).toBe(0)
  })

  test("a mark is no row: it is kept in mind", async () => {
    const { rows, signedOut } = scene()
    const cache = signedOut()
    const { version } = recordOf(7)
    expect(await cache.commit(KEY, { version, lineages: [] }, { expected: undefined })).toEqual({ committed: true })
    expect(await cache.get(KEY)).toEqual({ version, lineages: [] })
    expect(rows.values.size).toBe(0)
  })

  test("a row that is made again after a mark of its own count is seen by who has the mark", async () => {
    const { clock, signedOut } = scene()
    const [here, there] = [signedOut(), signedOut()]
    await here.commit(KEY, recordOf(1), { expected: undefined })
    await there.delete(KEY)
    const mark = await here.get(KEY)
    await clock.advance(1_000)
    await there.commit(KEY, recordOf(1, "new"), { expected: undefined })
    expect((await here.get(KEY))?.version.generation).toBeGreaterThan(mark?.version.generation ?? Infinity)
  })

  test("no claim leaves a row where nobody is signed in", async () => {
    const { rows, signedOut } = scene()
    const claim = claimOf(signedOut(), { what: "v0", singleUse: true })
    expect(await claim.take(1)).toBe(true)
    await claim.markSent()
    expect(await claim.isHeld()).toBe(true)
    await claim.reject()
    await claim.release("own")
    expect(await claim.isHeld()).toBe(false)
    expect(rows.calls.save).toBe(0)
  })

  test("what is claimed where no row is, is not held any more once there is one", async () => {
    const { signedOut } = scene()
    const cache = signedOut()
    const claim = claimOf(cache, { what: "v0", singleUse: true })
    await claim.take(1)
    await cache.commit(KEY, recordOf(1), { expected: undefined })
    expect(await claim.isHeld()).toBe(false)
    await claim.abandon()
  })

  test("a claim on the refresh token that was there is not to be had, and on any other one is an error that says why", async () => {
    const { signedOut } = scene()
    const cache = signedOut()
    const floor = { expected: undefined }
    await cache.commit(KEY, sealedOf(1), floor)
    await cache.commit(KEY, sealedOf(new VirtualClock().now() + 1), floor)
    await cache.delete(KEY)
    expect(await claimOf(cache).take(1)).toBe(false)
    const other = claimOf(cache, { what: "fedcba9876543210", singleUse: true })
    await expect(other.take(1)).rejects.toThrow('needs absence: "lost"')
  })

  test("a renewal into memory while the database is away is not put back after a sign-out", async () => {
    const world = new Simulation()
    const rows = new MemoryRows()
    let isAway = false
    const flaky = {
      load: (key: string) => (isAway ? Promise.reject(new Error("away")) : rows.load(key)),
      save: (key: string, value: string, expected: string | undefined) => rows.save(key, value, expected),
      remove: (key: string) => rows.remove(key),
    }
    const { clock } = world
    const cache = new RowTokenCache(flaky, { absence: "signed-out", clock })
    const source = new ScriptedSource(world.issuer)
    const tokens = new CachedTokenSource(source, { key: KEY, caches: [cache], clock, random: seededRandom(1) })
    let token = await world.outcome(tokens.getToken())
    isAway = true
    for (let i = 0; i < 3; i++) token = await world.outcome(tokens.getToken({ newerThan: token }))
    isAway = false
    rows.values.clear()
    const newer = await world.outcome(tokens.getToken({ newerThan: token }))
    // what came of it is a token of its own, not what was kept in memory
    expect(newer.accessToken).not.toBe(token.accessToken)
    expect(world.issuer.requests).toHaveLength(5)
  })
})

test("where a row that is gone was lost, whoever knows the token puts it back, and says so", async () => {
  const world = new Simulation()
  const rows = new MemoryRows()
  const { clock, issuer } = world
  const caches = [new RowTokenCache(rows, { clock })]
  const source = new ScriptedSource(issuer, { refreshToken: issuer.signIn() })
  const tokens = new CachedTokenSource(source, { key: KEY, caches, clock, random: seededRandom(1) })
  const token = await world.outcome(tokens.getToken())
  rows.values.clear()
  await world.outcome(tokens.getToken({ newerThan: token }))
  expect(rows.values.size).toBe(1)
  expect(issuer.replayed).toEqual([])
})

describe("whether the owner of a claim lives", () => {
  /** An owner whose heart stops with its clock, and who watches it. */
  function death({ leaseMs = 10_000 } = {}) {
    const { clock, rows, open } = scene()
    const owner = new RowTokenCache(rows, { clock: new VirtualClock(), leaseMs })
    const watching = open()
    const watch = async (ms: number) => {
      for (let at = 0; at < ms; at += 50) {
        await claimOf(watching).look()
        await clock.advance(50)
      }
      return (await claimOf(watching).look()).owner
    }
    return { clock, rows, open, owner, watch }
  }

  test("it is gone once it was watched for a lease without a sign of life, over several attempts", async () => {
    const { owner, watch } = death()
    await claimOf(owner).take(1)
    expect(await watch(9_900)).toBe("alive")
    expect(await watch(100)).toBe("gone")
  })

  test("it is its own lease that counts", async () => {
    const { owner, watch } = death({ leaseMs: 2_000 })
    await claimOf(owner).take(1)
    expect(await watch(1_900)).toBe("alive")
    expect(await watch(100)).toBe("gone")
  })

  test("a time in which nobody looked counts as a second", async () => {
    const { clock, owner, watch } = death()
    await claimOf(owner).take(1)
    expect(await watch(50)).toBe("alive")
    await clock.advance(3_600_000)
    expect(await watch(8_800)).toBe("alive")
    expect(await watch(200)).toBe("gone")
  })

  test("an owner that lives is seen alive for as long as it holds the claim", async () => {
    const { open, watch } = death()
    const claim = claimOf(open())
    await claim.take(1)
    expect(await watch(60_000)).toBe("alive")
    await claim.release("own")
    expect(await watch(50)).toBe("none")
  })

  test("another owner of the same number is watched from the beginning", async () => {
    const { owner, watch } = death()
    const claim = claimOf(owner)
    await claim.take(1)
    await watch(9_000)
    await claim.release("own")
    await claimOf(owner).take(1)
    expect(await watch(9_900)).toBe("alive")
  })
})

test("a mark from the future was made nobody knows when, but for what clocks differ by", async () => {
  const { clock, rows, open } = scene()
  const ahead = new RowTokenCache(rows, { clock: new VirtualClock({ now: clock.now() + 5_000 }) })
  const claim = claimOf(ahead)
  await claim.take(1)
  await claim.markSent()
  expect((await claimOf(open()).look()).sentAgoMs).toBe(Infinity)
  await clock.advance(4_500)
  expect((await claimOf(open()).look()).sentAgoMs).toBe(0)
  await clock.advance(1_500)
  expect((await claimOf(open()).look()).sentAgoMs).toBe(1_000)
})

test("a record that is not of a higher generation than the one there is refused", async () => {
  const { open } = scene()
  const cache = open()
  await cache.commit(KEY, recordOf(5), { expected: undefined })
  const other = { ...recordOf(5), version: { ...recordOf(5).version, id: "another" } }
  expect((await cache.commit(KEY, other, { expected: recordOf(5).version })).committed).toBe(false)
})

test("whose claim is gone with its row changes nothing of another's with the same number", async () => {
  const { rows, open } = scene()
  const [mine, theirs] = [claimOf(open()), claimOf(open())]
  await mine.take(1)
  rows.values.clear()
  await theirs.take(1)
  await mine.markSent()
  expect(await mine.isHeld()).toBe(false)
  await mine.release("all")
  expect(await theirs.isHeld()).toBe(true)
  expect((await theirs.look()).sentAgoMs).toBeUndefined()
})

test("a refusal is written down once", async () => {
  const { rows, open } = scene()
  const cache = open()
  await claimOf(cache).reject()
  const written = rows.values.get(KEY)
  await claimOf(cache).reject()
  expect(rows.values.get(KEY)).toBe(written)
})

test("claims of a day ago are swept, and tombstones of a month; never those of the token that is there", async () => {
  const { clock, open } = scene()
  const cache = open()
  const [spent, other] = [sealedOf(1), { what: "fedcba9876543210", singleUse: true }]
  await cache.commit(KEY, spent, { expected: undefined })
  const claims = [claimOf(cache), claimOf(cache, other)]
  for (const claim of claims) {
    await claim.take(1)
    await claim.markSent()
    await claim.reject()
    await claim.abandon()
  }
  const written = async (ms: number) => {
    await clock.advance(ms)
    await claimOf(cache, { what: `written-after-${ms}`, singleUse: true }).reject()
    return Promise.all([SUBJECT, other].map((subject) => claimOf(cache, subject).look()))
  }
  const left = (n: number, rejected: boolean): unknown => expect.objectContaining({ n, rejected })
  expect(await written(86_000_000)).toEqual([left(1, true), left(1, true)])
  expect(await written(500_000)).toEqual([left(1, true), left(0, true)])
  await clock.advance(30 * 86_400_000)
  await claimOf(cache, { what: "a-fourth-one", singleUse: true }).reject()
  expect(await claimOf(cache).look()).toEqual(left(1, true))
  expect(await claimOf(cache, other).look()).toEqual(left(0, false))
})

describe("the functions of an application", () => {
  const CANARY = "postgres://user:canary-password@host"
  const none = { load: async () => undefined, save: async () => true, remove: async () => true }
  const refused = Object.assign(new Error(CANARY), { code: "ECONNREFUSED" })

  test.each<readonly [string, () => Promise<unknown>, string]>([
    ["load", () => Promise.reject(new Error(CANARY)), "row: load failed"],
    ["load", () => Promise.reject(refused), "row: load failed (ECONNREFUSED)"],
    ["load", () => Promise.reject(Object.assign(new Error(CANARY), { code: "42P01" })), "row: load failed (42P01)"],
    ["load", () => raise(new Error(CANARY)), "row: load failed"],
    ["load", () => Promise.reject(Object.assign(new Error(), { code: CANARY })), "row: load failed"],
    [
      "load",
      async () => ({ value: CANARY }),
      "row: load must give the text that was saved, or undefined: it gave something else",
    ],
    ["save", () => Promise.reject(refused), "row: save failed (ECONNREFUSED)"],
    ["save", async () => CANARY, "row: save must say true or false: it gave something else"],
    ["save", async () => undefined, "row: save must say true or false: it gave something else"],
  ])(
    "%s that fails or answers with something else is an error that shows nothing of it: %s",
    async (name, does, message) => {
      const cache = new RowTokenCache({ ...none, [name]: does })
      const error: unknown = await cache.commit(KEY, recordOf(1), { expected: undefined }).catch((e: unknown) => e)
      expect(error).toBeInstanceOf(TokenError)
      expect(error).toMatchObject({ code: "ERR_TOKEN_CACHE", message, transient: message.includes("failed") })
      expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain("canary")
    },
  )

  test("one that hangs is given up, and its answer is nobody's", async () => {
    const { clock } = scene()
    const cache = new RowTokenCache({ ...none, remove: () => new Promise(() => {}) }, { clock, absence: "signed-out" })
    const deleting = cache.delete(KEY).catch((error: unknown) => error)
    await clock.advance(10_000)
    expect(await deleting).toMatchObject({ code: "ERR_TOKEN_CACHE", transient: true })
    expect(clock.pendingTimers).toBe(0)
  })

  test("a row that always changes in between is an error, once it was tried often enough", async () => {
    const { clock } = scene()
    let saves = 0
    const save = async () => (saves++, false)
    const cache = new RowTokenCache({ ...none, save }, { clock })
    const committing = cache.commit(KEY, recordOf(1), { expected: undefined }).catch((error: unknown) => error)
    await clock.advance(0)
    // the first that was overtaken goes on at once, the next ones wait
    expect(saves).toBe(2)
    await clock.advance(100 * 64)
    expect(await committing).toMatchObject({ code: "ERR_TOKEN_CACHE", transient: true })
    expect(saves).toBe(100)
  })

  test("a write whose answer was lost is found out, and is not done twice", async () => {
    const { rows, clock } = scene()
    let isLost = true
    const save = async (key: string, value: string, expected: string | undefined) => {
      const isWritten = await rows.save(key, value, expected)
      if (isLost) throw new Error("connection lost")
      return isWritten
    }
    const cache = new RowTokenCache({ load: (key) => rows.load(key), save, remove: none.remove }, { clock })
    const commit = () => cache.commit(KEY, recordOf(1), { expected: undefined })
    await expect(commit()).rejects.toThrow("save failed")
    isLost = false
    expect(await commit()).toEqual({ committed: true })
    expect(rows.calls.save).toBe(1)
    isLost = true
    const claim = claimOf(cache)
    await expect(claim.take(1)).rejects.toThrow("save failed")
    isLost = false
    await claim.release("own")
    expect((await claimOf(cache).look()).n).toBe(0)
  })
})

describe("what is told of changes", () => {
  test("nobody looks unless somebody watches, and once for all who do", async () => {
    const { clock, rows, open } = scene()
    const cache = open()
    const loads = async (ms: number) => {
      const before = rows.calls.load
      await clock.advance(ms)
      return rows.calls.load - before
    }
    expect(await loads(60_000)).toBe(0)
    const subscriptions = [cache.changes(KEY).subscribe(), cache.changes(KEY).subscribe()]
    await clock.advance(0)
    const looked = await loads(60_000)
    expect(looked).toBeGreaterThan(45)
    expect(looked).toBeLessThan(81)
    for (const subscription of subscriptions) subscription.unsubscribe()
    expect(await loads(60_000)).toBe(0)
    expect(clock.pendingTimers).toBe(0)
  })

  test("what is written here does not make it look more often", async () => {
    const { clock, rows, open } = scene()
    const cache = open()
    cache.changes(KEY).subscribe()
    for (const generation of [1, 2, 3, 4, 5]) {
      await cache.commit(KEY, recordOf(generation), {
        expected: generation > 1 ? recordOf(generation - 1).version : undefined,
      })
      await clock.advance(10)
    }
    const before = rows.calls.load
    await clock.advance(60_000)
    expect(rows.calls.load - before).toBeLessThan(81)
  })

  test("what is written here is told at once, and by whoever else once it is looked for, each once", async () => {
    const { clock, open, signedOut } = scene()
    const [cache, peer] = [open(), signedOut()]
    let told = 0
    cache.changes(KEY).subscribe(() => told++)
    await clock.advance(0)
    expect(told).toBe(0)
    await cache.commit(KEY, recordOf(1), { expected: undefined })
    await clock.advance(0)
    expect(told).toBe(1)
    await peer.commit(KEY, recordOf(2), { expected: recordOf(1).version })
    await clock.advance(0)
    expect(told).toBe(1)
    await clock.advance(2_000)
    expect(told).toBe(2)
    await claimOf(peer).take(1)
    await clock.advance(60_000)
    expect(told).toBe(2)
    await cache.delete(KEY)
    await clock.advance(0)
    expect(told).toBe(3)
    expect(clock.refTimers).toBe(0)
  })

  test("a row that another process has removed is told, if it means a sign-out", async () => {
    const { clock, rows, signedOut } = scene()
    const cache = signedOut()
    await cache.commit(KEY, recordOf(1), { expected: undefined })
    let told = 0
    cache.changes(KEY).subscribe(() => told++)
    await clock.advance(0)
    expect(told).toBe(1)
    rows.values.clear()
    await clock.advance(60_000)
    expect(told).toBe(2)
  })

  test("a database that is away is no news, and closing ends it all", async () => {
    const { clock } = scene()
    const load = () => Promise.reject(new Error("away"))
    const cache = new RowTokenCache({ load, save: async () => false, remove: async () => false }, { clock })
    const told: string[] = []
    const watch = () =>
      cache.changes(KEY).subscribe({ next: () => told.push("next"), complete: () => told.push("end") })
    watch()
    await clock.advance(60_000)
    expect(told).toEqual([])
    await cache.close()
    watch()
    expect(told).toEqual(["end", "end"])
    await clock.advance(60_000)
    expect(clock.pendingTimers).toBe(0)
  })
})

test("what a source cannot do with its rows is reported by their name", async () => {
  const world = new Simulation()
  const log = new EventLog()
  const rows = new MemoryRows()
  rows.values.set(KEY, "canary-refresh-token-in-the-clear")
  const caches = [new RowTokenCache(rows, { clock: world.clock, name: "shop" })]
  const source = new ScriptedSource(world.issuer, { refreshToken: world.issuer.signIn() })
  const tokens = new CachedTokenSource(source, { key: KEY, caches, clock: world.clock })
  const error = await world.failure(tokens.getToken())
  expect(error).toMatchObject({ code: "ERR_TOKEN_CACHE" })
  expect(String(error)).toContain("shop: ")
  expect(log.of("cache-failed")[0]).toMatchObject({ cache: "shop", key: KEY, operation: "get" })
  expect(JSON.stringify(log.all)).not.toContain("canary")
  expect(world.issuer.requests).toHaveLength(0)
  log.end()
})

describe("what cannot be read", () => {
  const BAD: readonly (readonly [string, string])[] = [
    ["torn", '{"evertoken":1,"version":{"lin'],
    ["of somebody else", "canary-refresh-token-in-the-clear"],
    ["of a newer version", '{"evertoken":2,"version":{"lineage":"a","generation":5,"id":"b"}}'],
    ["with claims that are none", '{"evertoken":1,"claims":[{"what":1}],"tombstones":[]}'],
    ["with tombstones that are none", '{"evertoken":1,"claims":[],"tombstones":[null]}'],
    ["with claims that are no list", '{"evertoken":1,"claims":"x"}'],
    ["with a claim that is nothing", '{"evertoken":1,"claims":[null],"tombstones":[]}'],
    ["with an invalid version", '{"evertoken":1,"version":{},"claims":[],"tombstones":[]}'],
    ["far too large", `{"evertoken":1,"claims":[],"tombstones":[],"x":"${"x".repeat(8 * 1024 * 1024)}"}`],
    ["empty", ""],
  ]

  test.each(BAD)("a row that is %s is an error that shows none of it, and stays as it is", async (_, text) => {
    const { rows, open } = scene()
    rows.values.set(KEY, text)
    for (const cache of [open(), open({ absence: "signed-out" })]) {
      const claim = claimOf(cache)
      const attempts: readonly (() => Promise<unknown>)[] = [
        () => cache.get(KEY),
        () => cache.commit(KEY, recordOf(9), { expected: undefined }),
        () => claim.look(),
        () => claim.take(1),
        () => claim.reject(),
      ]
      for (const attempt of attempts) {
        const error: unknown = await attempt().catch((thrown: unknown) => thrown)
        expect(error).toMatchObject({ code: "ERR_TOKEN_CACHE", transient: false })
        expect(inspect(error)).not.toMatch(/canary|"lin/)
      }
    }
    expect(rows.values.get(KEY)).toBe(text)
  })

  test.each(BAD)("a row that is %s is given up by a sign-out", async (_, text) => {
    const { rows, open } = scene()
    rows.values.set(KEY, text)
    const lost = open()
    await lost.delete(KEY)
    const mark = await lost.get(KEY)
    expect(mark?.token).toBeUndefined()
    expect(mark?.version.generation).toBe(text.includes('"generation":5') ? 6 : 1)
    rows.values.set(KEY, text)
    await open({ absence: "signed-out" }).delete(KEY)
    expect(rows.values.size).toBe(0)
  })

  test("a record that a person has moved here from another store is read, and written on", async () => {
    const { rows, open } = scene()
    rows.values.set(KEY, encodeRecord(recordOf(4)).toString())
    const cache = open()
    expect((await cache.get(KEY))?.token?.refreshToken).toBe("canary-refresh-4")
    expect((await cache.commit(KEY, recordOf(5), { expected: recordOf(4).version })).committed).toBe(true)
  })

  test("a row that counts higher than anyone can have counted, or would be too large, is not written", async () => {
    const { rows, open } = scene()
    const cache = open()
    const { version } = recordOf(2 ** 52 + 1)
    const absurd = cache.commit(KEY, { version, lineages: [] }, { expected: undefined })
    await expect(absurd).rejects.toThrow("counts higher")
    const large = { ...recordOf(1), fingerprint: "x".repeat(8 * 1024 * 1024) }
    await expect(cache.commit(KEY, large, { expected: undefined })).rejects.toThrow("too large")
    expect(rows.values.size).toBe(0)
  })
})

describe("a bad option is a TypeError that names it", () => {
  const rows = new MemoryRows()
  const construct = (options: object) => new RowTokenCache(rows, options)

  test.each<readonly [string, readonly unknown[]]>([
    ["name", ["", " ", 5, null]],
    ["absence", ["gone", true, null]],
    ["leaseMs", [999, "10 s", NaN, Infinity]],
    ["pollMs", [9, "1 s", 2 ** 31]],
    ["clock", [{}, null]],
    ["random", [5]],
  ])("%s", (option, values) => {
    for (const value of values) {
      expect(() => construct({ [option]: value })).toThrow(TypeError)
      expect(() => construct({ [option]: value })).toThrow(new RegExp(`^${option} must be `))
    }
    expect(() => construct({ [option]: undefined })).not.toThrow()
  })

  test("rows, and an option that there is not", () => {
    for (const bad of [undefined, null, () => 0, {}, { load: () => 0, save: () => 0 }]) {
      expect(() => new RowTokenCache(bad as unknown as MemoryRows)).toThrow(/^rows must be an object/)
    }
    expect(() => construct({ lease: 1 })).toThrow("did you mean leaseMs?")
  })
})

function raise(error: Error): never {
  throw error
}
