import fs, { mkdir, mkdtemp, readdir, rm, rmdir, stat, unlink, utimes, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, onTestFinished, test, vi } from "vitest"
import { VirtualClock } from "../testing/virtual-clock.js"
import { encodeOwner } from "./claim-owner.js"
import { FileTokenCache } from "./file-token-cache.js"
import { OwnerHeartbeat } from "./owner-heartbeat.js"
import { currentProcess } from "./process-identity.js"

// /proc tells when a process or a thread began
const HAS_PROC = process.platform === "linux"

const SUBJECT = { what: "0123456789abcdef", singleUse: true }

async function open() {
  const directory = await mkdtemp(join(tmpdir(), "evertoken-"))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const path = join(directory, "token.json")
  const clock = new VirtualClock()
  const cache = new FileTokenCache(path, { clock })
  return { side: `${path}.d`, clock, claim: () => cache.claim("key", SUBJECT) }
}

const heartbeatsIn = async (side: string) => (await readdir(side)).filter((name) => name.endsWith(".lock"))

/** A process of another container, as far as its files show. */
async function foreignClaim(side: string) {
  const me = await currentProcess()
  const local = { boot: "another", pidNamespace: "pid:[1]", thread: 1, startTime: 1 }
  const owner = { ...me, instance: "another", local, flight: "foreign", abandoned: false }
  const path = join(side, `claim-${SUBJECT.what}.1`)
  await writeFile(path, encodeOwner(owner, 1), { mode: 0o600 })
  let beats = 0
  return {
    path,
    /** What proper-lockfile does: a directory whose time moves on. */
    async beat() {
      await mkdir(`${path}.lock`, { recursive: true })
      await utimes(`${path}.lock`, ++beats, beats)
    },
  }
}

describe("the heartbeat of a claim's owner", () => {
  test.runIf(HAS_PROC)("is not kept up among processes that see each other", async () => {
    const { side, claim, clock } = await open()
    const mine = claim()
    await mine.take(1)
    await clock.advance(10_000)
    expect(await heartbeatsIn(side)).toEqual([])
    await mine.release("own")
    expect(clock.pendingTimers).toBe(0)
  })

  test("is kept up from the beginning where others share the store, and ends with the claim", async () => {
    const { side, claim } = await open()
    await claim().look()
    await writeFile(join(side, "ns-0123456789abcdef"), "")
    const mine = claim()
    await mine.take(1)
    expect(await heartbeatsIn(side)).toEqual([`claim-${SUBJECT.what}.1.lock`])
    expect(await mine.isHeld()).toBe(true)
    await mine.release("own")
    expect(await readdir(side)).toEqual(expect.not.arrayContaining([expect.stringMatching("^claim-")]))
  })

  test("begins when somebody comes who does not see the owner", async () => {
    const { side, claim, clock } = await open()
    const mine = claim()
    await mine.take(1)
    await writeFile(join(side, "ns-0123456789abcdef"), "")
    await clock.advance(2_000)
    await vi.waitFor(async () => expect(await heartbeatsIn(side)).toHaveLength(1))
    await mine.release("all")
    expect(await heartbeatsIn(side)).toEqual([])
    expect(clock.pendingTimers).toBe(0)
  })

  test("that cannot begin is tried again", async () => {
    const { side } = await open()
    await mkdir(side)
    const clock = new VirtualClock()
    const path = join(side, "claim")
    await mkdir(`${path}.lock`)
    const heartbeat = new OwnerHeartbeat(path, { isNeeded: () => Promise.resolve(true), clock })
    await heartbeat.start()
    expect(clock.pendingTimers).toBe(1)
    await rmdir(`${path}.lock`)
    await clock.advance(2_000)
    await vi.waitFor(() => stat(`${path}.lock`))
    await heartbeat.stop()
    await expect(stat(`${path}.lock`)).rejects.toMatchObject({ code: "ENOENT" })
  })

  test("that was stopped while it began leaves nothing", async () => {
    const { side } = await open()
    await mkdir(side)
    const path = join(side, "claim")
    const needed = deferred<boolean>()
    const heartbeat = new OwnerHeartbeat(path, { isNeeded: () => needed.promise, clock: new VirtualClock() })
    const started = heartbeat.start()
    const stopped = heartbeat.stop()
    needed.resolve(true)
    await Promise.all([started, stopped])
    expect(await readdir(side)).toEqual([])
  })

  test("that was lost makes the claim lost", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
    onTestFinished(() => void vi.useRealTimers())
    const { side, claim } = await open()
    await claim().look()
    await writeFile(join(side, "ns-0123456789abcdef"), "")
    const mine = claim()
    await mine.take(1)
    await rmdir(join(side, `claim-${SUBJECT.what}.1.lock`))
    await vi.advanceTimersByTimeAsync(2_000)
    vi.useRealTimers()
    await vi.waitFor(async () => expect(await mine.isHeld()).toBe(false))
    await mine.release("own")
    expect((await claim().look()).n).toBe(0)
  })
})

describe("an owner that this process cannot see", () => {
  test("is alive as long as its heart beats, and gone when it has stood still for ten seconds", async () => {
    const { side, claim, clock } = await open()
    await claim().look()
    const { beat } = await foreignClaim(side)
    for (let second = 0; second < 15; second++) {
      await beat()
      expect((await claim().look()).owner).toBe("alive")
      await clock.advance(1_000)
    }
    for (let second = 1; second < 10; second++) {
      expect((await claim().look()).owner).toBe("alive")
      await clock.advance(1_000)
    }
    expect((await claim().look()).owner).toBe("gone")
    await beat()
    expect((await claim().look()).owner).toBe("alive")
  })

  test("is not gone because this machine slept, or the clock was set", async () => {
    const { side, claim, clock } = await open()
    await claim().look()
    await foreignClaim(side)
    await claim().look()
    await clock.advance(3_600_000)
    expect((await claim().look()).owner).toBe("alive")
  })

  test("is observed anew under another claim of the same number", async () => {
    const { side, claim, clock } = await open()
    await claim().look()
    const first = await foreignClaim(side)
    for (let second = 0; second < 9; second++) {
      await claim().look()
      await clock.advance(1_000)
    }
    await unlink(first.path)
    await claim().look()
    await foreignClaim(side)
    await claim().look()
    await clock.advance(1_000)
    await claim().look()
    await clock.advance(1_000)
    expect((await claim().look()).owner).toBe("alive")
  })

  test("finds the marker of this process, even if it was swept", async () => {
    const { side, claim } = await open()
    const markers = async () => (await readdir(side)).filter((name) => name.startsWith("ns-"))
    await claim().look()
    const [marker = ""] = await markers()
    await fs.unlink(join(side, marker))
    await claim().look()
    expect(await markers()).toEqual([marker])
  })
})

function deferred<T>() {
  let resolve: (value: T) => void = () => undefined
  const promise = new Promise<T>((settle) => (resolve = settle))
  return { promise, resolve }
}
