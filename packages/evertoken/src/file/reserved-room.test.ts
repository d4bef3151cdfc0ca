import fs, { stat, unlink } from "node:fs/promises"
import { join } from "node:path"
import { describe, expect, onTestFinished, test, vi } from "vitest"
import { namesIn, openClaims, recordOf } from "../testing/internal/file-stores.js"

describe("the room for an answer", () => {
  async function sent() {
    const store = await openClaims()
    const claim = store.claim()
    await claim.take(1)
    await claim.markSent()
    const [room = ""] = await namesIn(store.side, "tmp-")
    return { ...store, held: claim, room: join(store.side, room) }
  }

  test("is on disk before the mark, and the answer is written into it", async () => {
    const { cache, side, room } = await sent()
    const { ino, size, blocks } = await stat(room)
    expect(size).toBeGreaterThanOrEqual(64 * 1024)
    expect(blocks * 512).toBeGreaterThanOrEqual(64 * 1024)
    expect(await cache.commit("key", recordOf(1), { expected: undefined })).toEqual({ committed: true })
    expect((await stat(join(side, "gen-1"))).ino).toBe(ino)
    expect((await cache.get("key"))?.token?.accessToken).toBe("secret-access-1")
    expect(await namesIn(side, "tmp-")).toEqual([])
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
    expect(await namesIn(side, "tmp-")).toHaveLength(1)
    expect((await stat(room)).isFile()).toBe(true)
    await cache.commit("key", recordOf(1), { expected: undefined })
    await held.markSent()
    expect(await namesIn(side, "tmp-")).toHaveLength(1)
    await held.release("own")
    expect(await namesIn(side, "tmp-")).toEqual([])
  })

  test("that somebody has removed costs nothing but the assurance", async () => {
    const { cache, side, held, room } = await sent()
    await unlink(room)
    expect(await cache.commit("key", recordOf(1), { expected: undefined })).toEqual({ committed: true })
    await held.markSent()
    const [again = ""] = await namesIn(side, "tmp-")
    await unlink(join(side, again))
    await held.markSent()
    expect(await namesIn(side, "tmp-")).toHaveLength(1)
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
    expect(await namesIn(side, "tmp-")).toEqual([])
  })
})
