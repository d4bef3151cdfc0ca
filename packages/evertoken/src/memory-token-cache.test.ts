import { inspect } from "node:util"
import { expect, test } from "vitest"
import { MemoryTokenCache } from "./memory-token-cache.js"
import { VirtualClock } from "./testing/virtual-clock.js"
import { Token } from "./token.js"

const subject = { what: "0123456789abcdef", singleUse: false }

function recordOf(generation: number) {
  const token = new Token({ accessToken: "secret-access", issuedAt: 0, staleAt: 750, expiresAt: 1_000 })
  return { version: { lineage: "lineage", generation, id: `id-${generation}` }, token, lineages: ["configured"] }
}

test("a record stays as it was committed, whatever becomes of the object", async () => {
  const cache = new MemoryTokenCache()
  const record = recordOf(1)
  await cache.commit("key", record, { expected: undefined })
  record.lineages.push("later")
  record.version.generation = 9
  const stored = await cache.get("key")
  expect(stored?.lineages).toEqual(["configured"])
  expect(stored?.version.generation).toBe(1)
  expect(Object.isFrozen(stored)).toBe(true)
})

test("a record that is not of a higher generation is refused", async () => {
  const cache = new MemoryTokenCache()
  await cache.commit("key", recordOf(2), { expected: undefined })
  const commit = await cache.commit("key", recordOf(2), { expected: recordOf(2).version })
  expect(commit).toEqual({ committed: false, current: await cache.get("key") })
})

test("signing out goes on in the lineage there is, and begins one where none is", async () => {
  const cache = new MemoryTokenCache()
  await cache.commit("key", recordOf(1), { expected: undefined })
  for (const key of ["key", "other", "another"]) await cache.delete(key)
  expect((await cache.get("key"))?.version.lineage).toBe("lineage")
  const begun = [(await cache.get("other"))?.version.lineage, (await cache.get("another"))?.version.lineage]
  expect(begun).toEqual([expect.stringMatching(/./), expect.stringMatching(/./)])
  expect(begun[0]).not.toBe(begun[1])
})

test("two caches share nothing", async () => {
  const [one, other] = [new MemoryTokenCache(), new MemoryTokenCache()]
  await one.commit("key", recordOf(1), { expected: undefined })
  await one.claim("key", subject).take(1)
  expect(await other.get("key")).toBeUndefined()
  expect((await other.claim("key", subject).look()).n).toBe(0)
})

test("how long ago a request was sent is measured by the clock given, from the last mark", async () => {
  const clock = new VirtualClock()
  const claim = new MemoryTokenCache({ clock }).claim("key", subject)
  await claim.take(1)
  await claim.markSent()
  await clock.advance(1_000)
  expect((await claim.look()).sentAgoMs).toBe(1_000)
  await claim.markSent()
  await clock.advance(200)
  expect((await claim.look()).sentAgoMs).toBe(200)
})

test("of several marks the newest counts", async () => {
  const clock = new VirtualClock()
  const cache = new MemoryTokenCache({ clock })
  const [first, second] = [cache.claim("key", subject), cache.claim("key", subject)]
  await first.take(1)
  await first.markSent()
  await first.abandon()
  await clock.advance(1_000)
  await second.take(2)
  await second.markSent()
  await clock.advance(10)
  expect((await second.look()).sentAgoMs).toBe(10)
})

test("a request does not seem younger for a machine that slept, or a wall clock set back", async () => {
  const clock = new VirtualClock()
  const claim = new MemoryTokenCache({ clock }).claim("key", subject)
  await claim.take(1)
  await claim.markSent()
  clock.suspend(60_000)
  expect((await claim.look()).sentAgoMs).toBe(60_000)
  clock.stepWall(-3_600_000)
  await clock.advance(500)
  expect((await claim.look()).sentAgoMs).toBe(500)
})

test("a claim that was never taken cannot be marked, and abandoning or releasing it does nothing", async () => {
  const cache = new MemoryTokenCache()
  const [mine, other] = [cache.claim("key", subject), cache.claim("key", subject)]
  await mine.take(1)
  await expect(other.markSent()).rejects.toMatchObject({
    code: "ERR_TOKEN_CACHE",
    transient: false,
    message: "memory: a claim must be taken before it is marked",
  })
  await other.abandon()
  await other.release("own")
  expect(await mine.look()).toMatchObject({ n: 1, owner: "self" })
})

test("a claim removed by another's commit is not removed again from its successor", async () => {
  const cache = new MemoryTokenCache()
  const [first, second] = [cache.claim("key", subject), cache.claim("key", subject)]
  await first.take(1)
  const overtaking = cache.claim("key", subject)
  await overtaking.take(2)
  await overtaking.release("all")
  await second.take(1)
  expect(await first.isHeld()).toBe(false)
  await first.release("own")
  expect(await second.isHeld()).toBe(true)
})

test("whoever is told of a write is told after it, never within", async () => {
  const cache = new MemoryTokenCache()
  const told: string[] = []
  const subscription = cache.changes("key").subscribe(() => told.push("told"))
  cache.changes("other").subscribe(() => told.push("told of another key"))
  const committing = cache.commit("key", recordOf(1), { expected: undefined })
  told.push("called")
  await committing
  await new Promise((resolve) => setImmediate(resolve))
  expect(told).toEqual(["called", "told"])
  subscription.unsubscribe()
  await cache.delete("key")
  await new Promise((resolve) => setImmediate(resolve))
  expect(told).toEqual(["called", "told"])
})

test("a refused write is told to nobody", async () => {
  const cache = new MemoryTokenCache()
  let told = 0
  cache.changes("key").subscribe(() => told++)
  await cache.commit("key", recordOf(2), { expected: recordOf(1).version })
  await new Promise((resolve) => setImmediate(resolve))
  expect(told).toBe(0)
})

test("inspecting a cache, or its claims, shows no token", async () => {
  const cache = new MemoryTokenCache()
  await cache.commit("key", recordOf(1), { expected: undefined })
  const shown = inspect([cache, cache.claim("key", subject)], { depth: Infinity, showHidden: true })
  expect(shown).toContain("MemoryTokenCache")
  expect(shown).not.toContain("secret-access")
})
