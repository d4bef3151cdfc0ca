import fs, { mkdtemp, readdir, rm, stat, unlink } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, onTestFinished, test, vi } from "vitest"
import { VirtualClock } from "../testing/virtual-clock.js"
import type { StoredToken } from "../token-cache.js"
import { Token } from "../token.js"
import { FileTokenCache } from "./file-token-cache.js"

const SUBJECT = { what: "0123456789abcdef", singleUse: true }
const TOKEN = new Token({ accessToken: "a", refreshToken: "r", issuedAt: 1, staleAt: 2, expiresAt: 3 })

function recordOf(generation: number): StoredToken {
  return { version: { lineage: "lineage", generation, id: `id-${generation}` }, token: TOKEN, lineages: [] }
}

async function open(clock = new VirtualClock()) {
  const directory = await mkdtemp(join(tmpdir(), "evertoken-"))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const path = join(directory, "token.json")
  const cache = new FileTokenCache(path, { clock })
  return { path, side: `${path}.d`, clock, cache, claim: () => cache.claim("key", SUBJECT) }
}

const temporaryIn = async (side: string) => (await readdir(side)).filter((name) => name.startsWith("tmp-"))

describe("the room for an answer", () => {
  async function sent() {
    const store = await open()
    const claim = store.claim()
    await claim.take(1)
    await claim.markSent()
    const [room = ""] = await temporaryIn(store.side)
    return { ...store, held: claim, room: join(store.side, room) }
  }

  test("is on disk before the mark, and the answer is written into it", async () => {
    const { cache, side, room } = await sent()
    const { ino, size, blocks } = await stat(room)
    expect(size).toBeGreaterThanOrEqual(64 * 1024)
    expect(blocks * 512).toBeGreaterThanOrEqual(64 * 1024)
    expect(await cache.commit("key", recordOf(1), { expected: undefined })).toEqual({ committed: true })
    expect((await stat(join(side, "gen-1"))).ino).toBe(ino)
    expect((await cache.get("key"))?.token?.accessToken).toBe("a")
    expect(await temporaryIn(side)).toEqual([])
  })

  test("lets the answer be committed on a full disk, where only the copy for people is missing", async () => {
    const { cache, path } = await sent()
    const realOpen = fs.open.bind(fs)
    const spy = vi.spyOn(fs, "open").mockImplementation(async (...args) => {
      if (args[1] === "wx") throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC" })
      return realOpen(...args)
    })
    onTestFinished(() => spy.mockRestore())
    expect(await cache.commit("key", recordOf(1), { expected: undefined })).toEqual({ committed: true })
    expect((await cache.get("key"))?.version.generation).toBe(1)
    await expect(stat(path)).rejects.toMatchObject({ code: "ENOENT" })
  })

  test("is kept for a repetition, and made anew once it was used", async () => {
    const { cache, side, held, room } = await sent()
    await held.markSent()
    expect(await temporaryIn(side)).toHaveLength(1)
    expect((await stat(room)).isFile()).toBe(true)
    await cache.commit("key", recordOf(1), { expected: undefined })
    await held.markSent()
    expect(await temporaryIn(side)).toHaveLength(1)
    await held.release("own")
    expect(await temporaryIn(side)).toEqual([])
  })

  test("that somebody has removed costs nothing but the assurance", async () => {
    const { cache, side, held, room } = await sent()
    await unlink(room)
    expect(await cache.commit("key", recordOf(1), { expected: undefined })).toEqual({ committed: true })
    await held.markSent()
    const [again = ""] = await temporaryIn(side)
    await unlink(join(side, again))
    await held.markSent()
    expect(await temporaryIn(side)).toHaveLength(1)
  })

  test("that cannot be written is given up, and the next try does without", async () => {
    const { cache, held, side, room } = await sent()
    const realOpen = fs.open.bind(fs)
    const spy = vi.spyOn(fs, "open").mockImplementation(async (...args) => {
      if (args[0] === room) throw Object.assign(new Error("EIO"), { code: "EIO" })
      return realOpen(...args)
    })
    onTestFinished(() => spy.mockRestore())
    await expect(cache.commit("key", recordOf(1), { expected: undefined })).rejects.toMatchObject({
      code: "ERR_TOKEN_CACHE",
    })
    expect(await cache.commit("key", recordOf(1), { expected: undefined })).toEqual({ committed: true })
    await held.release("all")
    expect(await temporaryIn(side)).toEqual([])
  })
})
