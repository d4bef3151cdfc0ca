import fs, { readFile, stat, unlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { describe, expect, onTestFinished, test, vi } from "vitest"
import { VirtualClock } from "../testing/virtual-clock.js"
import { SUBJECT, failOnce, namesIn, openClaims } from "../testing/internal/file-stores.js"

const CLAIM = `claim-${SUBJECT.what}`
const NOTHING = { n: 0, owner: "none", othersAlive: false, sentAgoMs: undefined, rejected: false }

describe("a claim", () => {
  test("is complete the moment it is there, for its owner only, and holds no secret", async () => {
    const { side, claim } = await openClaims()
    await claim().take(1)
    const path = join(side, `${CLAIM}.1`)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    const owner = JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>
    expect(owner).toMatchObject({ evertoken: 1, n: 1, pid: process.pid, abandoned: false })
    expect(await namesIn(side, "tmp-")).toEqual([])
  })

  test("that cannot be created is not held, nor does it seem to be by a living owner", async () => {
    const { claim } = await openClaims()
    const mine = claim()
    failOnce("link", "ENOSPC")
    await expect(mine.take(1)).rejects.toMatchObject({ code: "ERR_TOKEN_CACHE", transient: true })
    expect(await mine.isHeld()).toBe(false)
    expect(await mine.take(1)).toBe(true)
  })

  test("is taken once", async () => {
    const { claim } = await openClaims()
    const mine = claim()
    await mine.take(1)
    await expect(mine.take(2)).rejects.toMatchObject({ code: "ERR_TOKEN_CACHE", transient: false })
    await mine.release("own")
    expect(await mine.take(2)).toBe(true)
  })

  test.each(["own", "abandoned"] as const)(
    "whose release is carried out late, after another one (%s), leaves what others have claimed since",
    async (end) => {
      const { side, claim } = await openClaims()
      const [dead, mine, next, later] = [claim(), claim(), claim(), claim()]
      await dead.take(1)
      await dead.abandon()
      await mine.take(2)
      const { readdir: list } = fs
      let go = () => {}
      const gate = new Promise<void>((resolve) => (go = resolve))
      const spy = vi.spyOn(fs, "readdir").mockImplementationOnce(async (...path) => {
        await gate
        return list(...path)
      })
      onTestFinished(() => spy.mockRestore())
      const late = mine.release("all")
      await vi.waitFor(() => expect(spy).toHaveBeenCalled())
      await (end === "own" ? mine.release("own") : mine.abandon())
      await next.take((await next.look()).n + 1)
      if (end === "own") await next.release("all")
      if (end === "own") await later.take(1)
      const othersIn = async () => (await namesIn(side, "claim-")).filter((name) => name !== `${CLAIM}.2`)
      const others = await othersIn()
      go()
      await late
      expect(others).toEqual(end === "own" ? [`${CLAIM}.1`] : [`${CLAIM}.1`, `${CLAIM}.3`])
      expect(await othersIn()).toEqual(others)
    },
  )

  test("whose number went to another while its owner was stopped is neither held nor removed", async () => {
    const { side, claim } = await openClaims()
    const [stopped, next] = [claim(), claim()]
    await stopped.take(1)
    await unlink(join(side, `${CLAIM}.1`))
    expect(await stopped.isHeld()).toBe(false)
    await next.take(1)
    await next.markSent()
    expect(await stopped.isHeld()).toBe(false)
    await stopped.release("own")
    expect(await next.isHeld()).toBe(true)
    expect((await next.look()).sentAgoMs).toBe(0)
  })

  test("that could not be removed stays its owner's, and is removed when it is released again", async () => {
    const { claim } = await openClaims()
    const mine = claim()
    await mine.take(1)
    failOnce("unlink", "EIO")
    await expect(mine.release("own")).rejects.toMatchObject({ code: "ERR_TOKEN_CACHE" })
    expect(await claim().look()).toEqual({ ...NOTHING, n: 1, owner: "alive", othersAlive: true })
    await mine.release("own")
    expect(await claim().look()).toEqual(NOTHING)
  })

  test("is named by a hash where its subject is not fit for a file name", async () => {
    const { side, cache } = await openClaims()
    await cache.claim("key", { what: "../../up", singleUse: false }).take(1)
    expect(await namesIn(side, "claim-")).toEqual([expect.stringMatching(/^claim-[0-9a-f]{16}\.1$/)])
  })

  test("of a subject with dots and digits is not taken for another's", async () => {
    const { cache } = await openClaims()
    const [a, ab] = ["v1", "v1.2"].map((what) => cache.claim("key", { what, singleUse: false }))
    await ab?.take(3)
    expect(await a?.look()).toEqual(NOTHING)
  })

  test("that nobody understands is that of a living owner, until it has stood still for ten seconds", async () => {
    const { side, clock, claim } = await openClaims()
    await claim().look()
    await writeFile(join(side, `${CLAIM}.1`), '{"evertoken":2}', { mode: 0o600 })
    for (let second = 0; second < 10; second++) {
      expect(await claim().look()).toMatchObject({ n: 1, owner: "alive" })
      await clock.advance(1_000)
    }
    expect(await claim().look()).toMatchObject({ n: 1, owner: "gone" })
  })

  test("abandoned is gone for this process too, and its answer's room is given back", async () => {
    const { side, claim } = await openClaims()
    const mine = claim()
    await mine.take(1)
    await mine.markSent()
    await mine.abandon()
    expect(await claim().look()).toMatchObject({ n: 1, owner: "gone", sentAgoMs: 0 })
    expect(await namesIn(side, "tmp-")).toEqual([])
    expect(await namesIn(side, "claim-")).toEqual([`${CLAIM}.1`, `${CLAIM}.1.sent`])
  })

  test("abandoned after its number went to another leaves that one alone", async () => {
    const { side, claim } = await openClaims()
    const [mine, next] = [claim(), claim()]
    await mine.take(1)
    await unlink(join(side, `${CLAIM}.1`))
    await next.take(1)
    await mine.abandon()
    expect(await next.isHeld()).toBe(true)
  })
})

describe("a sent mark", () => {
  test("tells how long ago it was made or renewed, and never less than nothing", async () => {
    const clock = new VirtualClock()
    const { claim } = await openClaims(clock)
    const mine = claim()
    await mine.take(1)
    await mine.markSent()
    await clock.advance(7_000)
    expect((await claim().look()).sentAgoMs).toBe(7_000)
    await mine.markSent()
    expect((await claim().look()).sentAgoMs).toBe(0)
  })

  test("from the future is of an unknown time: the clock was set back, and no leeway is sure to last", async () => {
    const clock = new VirtualClock()
    const { claim } = await openClaims(clock)
    const mine = claim()
    await mine.take(1)
    await mine.markSent()
    clock.stepWall(-1_000)
    expect((await claim().look()).sentAgoMs).toBe(0)
    clock.stepWall(-60_000)
    expect((await claim().look()).sentAgoMs).toBe(Infinity)
  })

  test("of any claim counts, the newest most", async () => {
    const clock = new VirtualClock()
    const { claim } = await openClaims(clock)
    const [first, second] = [claim(), claim()]
    await first.take(1)
    await first.markSent()
    await first.abandon()
    await clock.advance(5_000)
    await second.take(2)
    expect((await claim().look()).sentAgoMs).toBe(5_000)
    await second.markSent()
    await clock.advance(1_000)
    expect((await claim().look()).sentAgoMs).toBe(1_000)
  })

  test("without its claim, which the power took, is that of a dead owner", async () => {
    const { claim, side } = await openClaims()
    const mine = claim()
    await mine.take(1)
    await mine.markSent()
    await unlink(join(side, `${CLAIM}.1`))
    expect(await claim().look()).toMatchObject({ n: 1, owner: "gone", sentAgoMs: 0 })
  })

  test("is removed before its claim, and each before those of higher numbers", async () => {
    const { claim } = await openClaims()
    for (const n of [1, 2, 3]) {
      const each = claim()
      await each.take(n)
      await each.markSent()
      if (n < 3) await each.abandon()
      else {
        const removed = vi.spyOn(fs, "unlink")
        onTestFinished(() => removed.mockRestore())
        await each.release("all")
        const names = removed.mock.calls.map(([path]) => String(path).split("/").at(-1) ?? "")
        expect(names.filter((name) => name.startsWith("claim-"))).toEqual(
          [1, 2, 3].flatMap((number) => [`${CLAIM}.${number}.sent`, `${CLAIM}.${number}`]),
        )
      }
    }
  })

  test("is made only by who holds a claim", async () => {
    const { claim } = await openClaims()
    await expect(claim().markSent()).rejects.toMatchObject({ code: "ERR_TOKEN_CACHE", transient: false })
  })

  test("is not there if no room can be had for the answer", async () => {
    const { claim, side } = await openClaims()
    const mine = claim()
    await mine.take(1)
    failOnce("open", "ENOSPC")
    await expect(mine.markSent()).rejects.toMatchObject({ code: "ERR_TOKEN_CACHE", transient: true })
    expect((await mine.look()).sentAgoMs).toBeUndefined()
    expect(await namesIn(side, "claim-")).toEqual([`${CLAIM}.1`])
  })

  test("is not there if it cannot be made durable", async () => {
    const { claim, side } = await openClaims()
    const mine = claim()
    await mine.take(1)
    const realOpen = fs.open.bind(fs)
    const spy = vi.spyOn(fs, "open").mockImplementation(async (...args) => {
      const handle = await realOpen(...args)
      const error = Object.assign(new Error("EIO"), { code: "EIO" })
      if (String(args[0]).endsWith(".sent")) vi.spyOn(handle, "sync").mockRejectedValue(error)
      return handle
    })
    onTestFinished(() => spy.mockRestore())
    await expect(mine.markSent()).rejects.toMatchObject({ code: "ERR_TOKEN_CACHE" })
    expect(await namesIn(side, "claim-")).toEqual([`${CLAIM}.1`])
  })
})

describe("what is looked at", () => {
  test("is liveness first, then the marks, then the tombstone", async () => {
    const { claim, side } = await openClaims()
    const mine = claim()
    await mine.take(1)
    await mine.markSent()
    await mine.reject()
    const order: string[] = []
    const [realOpen, realReaddir, realStat] = [fs.open.bind(fs), fs.readdir.bind(fs), fs.stat.bind(fs)]
    const spies = [
      vi.spyOn(fs, "open").mockImplementation((...args) => note(args[0], () => realOpen(...args))),
      vi.spyOn(fs, "stat").mockImplementation((...args) => note(args[0], () => realStat(...args))),
      vi.spyOn(fs, "readdir").mockImplementation((...args) => note(args[0], () => realReaddir(...args))),
    ]
    onTestFinished(() => spies.forEach((spy) => spy.mockRestore()))
    await claim().look()
    expect(order).toEqual(["", `${CLAIM}.1`, "", `${CLAIM}.1.sent`, `tomb-${SUBJECT.what}`])

    function note<T>(path: unknown, action: () => T): T {
      if (String(path).startsWith(side)) order.push(String(path).slice(side.length + 1))
      return action()
    }
  })

  test("is a tombstone only where it is about this subject", async () => {
    const { claim, cache } = await openClaims()
    await claim().reject()
    await claim().reject()
    expect((await claim().look()).rejected).toBe(true)
    expect((await cache.claim("key", { what: "another", singleUse: true }).look()).rejected).toBe(false)
  })
})
