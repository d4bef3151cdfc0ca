import { spawn } from "node:child_process"
import { once } from "node:events"
import fs, { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, onTestFinished, test, vi } from "vitest"
import { VirtualClock } from "../testing/virtual-clock.js"
import type { StoredToken } from "../token-cache.js"
import { FileTokenCache } from "./file-token-cache.js"
import { encodeRecord } from "../stored-record.js"

const MODULE = JSON.stringify(new URL("file-token-cache.ts", import.meta.url).href)

const versionOf = (generation: number) => ({ lineage: "lineage", generation, id: `id-${generation}` })
const recordOf = (generation: number): StoredToken => ({ version: versionOf(generation), lineages: [] })

/** A store, opened by two; the clock stands still, so that nothing is found by polling. */
async function open() {
  const directory = await mkdtemp(join(tmpdir(), "evertoken-"))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const path = join(directory, "sub", "token.json")
  const clock = new VirtualClock()
  const cache = new FileTokenCache(path, { clock })
  onTestFinished(() => cache.close())
  return { directory, path, clock, cache, peer: new FileTokenCache(path) }
}

function watch(cache: FileTokenCache) {
  let told = 0
  let completed = false
  const subscription = cache.changes("key").subscribe({ next: () => told++, complete: () => (completed = true) })
  return {
    subscription,
    told: () => told,
    completed: () => completed,
    until: (count: number) => vi.waitFor(() => expect(told).toBeGreaterThanOrEqual(count), { timeout: 20_000 }),
  }
}

const polled = (clock: VirtualClock) => vi.waitFor(() => expect(clock.pendingTimers).toBe(1), { timeout: 20_000 })

function run(script: string) {
  return spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], { stdio: "inherit" })
}

describe("changes", { timeout: 60_000 }, () => {
  test("tells of another process's write", async () => {
    const { path, cache, clock } = await open()
    await cache.commit("key", recordOf(1), { expected: undefined })
    const watched = watch(cache)
    await polled(clock)
    expect(watched.told()).toBe(0)
    const [record, expected] = [recordOf(2), versionOf(1)].map((each) => JSON.stringify(each))
    const child = run(`
      import { FileTokenCache } from ${MODULE}
      await new FileTokenCache(${JSON.stringify(path)}).commit("key", ${record}, { expected: ${expected} })`)
    await watched.until(1)
    expect((await cache.get("key"))?.version).toEqual(versionOf(2))
    if (child.exitCode === null) await once(child, "exit")
    expect(child.exitCode).toBe(0)
  })

  test("tells of what was written between the last look and the subscription", async () => {
    const { cache, peer } = await open()
    await cache.get("key")
    await peer.commit("key", recordOf(1), { expected: undefined })
    await watch(cache).until(1)
  })

  test("tells nothing when claims come and go", async () => {
    const { cache, peer, clock } = await open()
    await cache.commit("key", recordOf(1), { expected: undefined })
    const watched = watch(cache)
    await polled(clock)
    const claim = peer.claim("key", { what: "what", singleUse: true })
    await claim.take(1)
    await claim.markSent()
    await claim.release("own")
    // what comes later is told once: nothing was told before
    await peer.commit("key", recordOf(2), { expected: versionOf(1) })
    await watched.until(1)
    await clock.advance(1_000)
    await polled(clock)
    expect(watched.told()).toBe(1)
  })

  test("finds by polling what the system does not tell", async () => {
    const { cache, path, clock } = await open()
    await cache.commit("key", recordOf(1), { expected: undefined })
    const watched = watch(cache)
    await polled(clock)
    // beside the directory that is watched
    await fs.writeFile(path, encodeRecord(recordOf(5)))
    await clock.advance(999)
    expect(watched.told()).toBe(0)
    await clock.advance(1)
    await watched.until(1)
    expect((await cache.get("key"))?.version.generation).toBe(5)
  })

  test("survives that the directory is removed, and comes back", async () => {
    const { directory, cache, peer, clock } = await open()
    await cache.commit("key", recordOf(1), { expected: undefined })
    const watched = watch(cache)
    await polled(clock)
    await rm(join(directory, "sub"), { recursive: true })
    await clock.advance(1_000)
    await watched.until(1)
    await peer.commit("key", recordOf(7), { expected: undefined })
    await vi.waitFor(
      async () => {
        await clock.advance(1_000)
        expect(watched.told()).toBe(2)
      },
      { timeout: 20_000 },
    )
    await polled(clock)
    await peer.commit("key", recordOf(8), { expected: versionOf(7) })
    await watched.until(3)
  })

  test("never errors: while the store cannot be read there is no news", async () => {
    const { cache, clock, path } = await open()
    await cache.commit("key", recordOf(1), { expected: undefined })
    const watched = watch(cache)
    await polled(clock)
    await rm(path)
    await fs.mkdir(path)
    await clock.advance(1_000)
    await polled(clock)
    expect(watched.told()).toBe(0)
    expect(watched.completed()).toBe(false)
  })

  test("leaves nothing behind when unsubscribed, at whatever moment", async () => {
    const { cache, clock } = await open()
    await cache.commit("key", recordOf(1), { expected: undefined })
    for (const wait of [() => polled(clock), () => Promise.resolve(), () => fs.stat(tmpdir())]) {
      const { subscription } = watch(cache)
      await wait()
      subscription.unsubscribe()
      await vi.waitFor(() => expect(clock.pendingTimers).toBe(0))
    }
  })

  test("completes when the cache is closed, and at once if it was before", async () => {
    const { cache, clock } = await open()
    const [first, second] = [watch(cache), watch(cache)]
    await cache.close()
    expect([first.completed(), second.completed(), watch(cache).completed()]).toEqual([true, true, true])
    await vi.waitFor(() => expect(clock.pendingTimers).toBe(0))
  })

  test("keeps no process alive", async () => {
    const { path } = await open()
    const child = run(`
      import { FileTokenCache } from ${MODULE}
      const cache = new FileTokenCache(${JSON.stringify(path)})
      await cache.commit("key", ${JSON.stringify(recordOf(1))}, { expected: undefined })
      cache.changes("key").subscribe()`)
    const [code] = (await once(child, "exit")) as [number]
    expect(code).toBe(0)
  })
})
