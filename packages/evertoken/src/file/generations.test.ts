import fs, { appendFile, readFile, rm, unlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { describe, expect, onTestFinished, test, vi } from "vitest"
import { FileTokenCache } from "./file-token-cache.js"
import { encodeRecord } from "../stored-record.js"
import {
  cacheFailures,
  failOnce,
  generationOf,
  namesIn,
  openFilledStore,
  openStore,
  recordOf,
  versionOf,
} from "../testing/internal/file-stores.js"

const says = (text: string | RegExp) => expect.stringMatching(text) as string

describe("the record of a file cache", () => {
  test("is the generation that a killed process has linked, though it never reached the store", async () => {
    const { cache, path, side } = await openFilledStore()
    await writeFile(join(side, "gen-2"), encodeRecord(recordOf(2)), { mode: 0o600 })
    expect(await generationOf(cache)).toBe(2)
    await cache.commit("key", recordOf(3), { expected: versionOf(2) })
    expect(await readFile(path, "utf8")).toContain("secret-access-3")
  })

  test("is the store file alone, copied from elsewhere, and goes on from there", async () => {
    const { cache, path, side } = await openStore()
    await writeFile(path, encodeRecord(recordOf(41)), { mode: 0o600 })
    expect(await generationOf(cache)).toBe(41)
    expect(await cache.commit("key", recordOf(42), { expected: versionOf(41) })).toEqual({ committed: true })
    expect(await namesIn(side, "gen-")).toEqual(["gen-42"])
  })

  test("is the store file where that is the higher generation", async () => {
    const { cache, path } = await openFilledStore()
    await writeFile(path, encodeRecord(recordOf(9)))
    expect(await generationOf(cache)).toBe(9)
  })

  test("is not lost with the store file", async () => {
    const { cache, path } = await openFilledStore()
    await unlink(path)
    expect(await generationOf(cache)).toBe(1)
  })

  test("is not lost with the directory beside it", async () => {
    const { cache, side } = await openFilledStore()
    await rm(side, { recursive: true })
    expect(await generationOf(cache)).toBe(1)
    expect(await cache.commit("key", recordOf(2), { expected: versionOf(1) })).toEqual({ committed: true })
  })

  test("is a miss, not an error, when all was removed, and can be written again", async () => {
    const { cache, path, side } = await openFilledStore()
    await rm(join(path, ".."), { recursive: true })
    expect(await cache.get("key")).toBeUndefined()
    expect(await cache.commit("key", recordOf(7), { expected: undefined })).toEqual({ committed: true })
    expect(await generationOf(cache)).toBe(7)
    expect(await namesIn(side, "gen-")).toHaveLength(1)
  })

  test("committed again after a failure nobody could judge counts as committed", async () => {
    const { cache } = await openFilledStore()
    expect(await cache.commit("key", recordOf(1), { expected: undefined })).toEqual({ committed: true })
    expect(await generationOf(cache)).toBe(1)
  })

  test("is refused to a late writer whose generation's name is free again", async () => {
    const { cache, path, side } = await openFilledStore()
    const link = fs.link.bind(fs)
    const spy = vi.spyOn(fs, "link").mockImplementationOnce(async (...late) => {
      await cache.commit("key", recordOf(2), { expected: versionOf(1) })
      await cache.commit("key", recordOf(3), { expected: versionOf(2) })
      await link(...late)
    })
    onTestFinished(() => spy.mockRestore())
    const late = { ...recordOf(2), version: { ...versionOf(2), id: "late" } }
    const commit = await new FileTokenCache(path).commit("key", late, { expected: versionOf(1) })
    expect(commit).toMatchObject({ committed: false, current: { version: versionOf(3) } })
    expect(await namesIn(side, "gen-")).toEqual(["gen-3"])
  })

  test("is refused to a late writer where the store alone is newer by now", async () => {
    const { cache, path, side } = await openFilledStore()
    const link = fs.link.bind(fs)
    const spy = vi.spyOn(fs, "link").mockImplementationOnce(async (...late) => {
      await unlink(join(side, "gen-1"))
      await writeFile(path, encodeRecord(recordOf(9)))
      await link(...late)
    })
    onTestFinished(() => spy.mockRestore())
    const commit = await cache.commit("key", recordOf(2), { expected: versionOf(1) })
    expect(commit).toMatchObject({ committed: false, current: { version: versionOf(9) } })
    expect(await namesIn(side, "gen-")).toEqual([])
  })

  test("is not replaced by one that is not of a higher generation", async () => {
    const { cache } = await openFilledStore()
    const other = { ...recordOf(1), version: { ...versionOf(1), id: "other" } }
    const commit = await cache.commit("key", other, { expected: versionOf(1) })
    expect(commit).toMatchObject({ committed: false, current: { version: versionOf(1) } })
    expect((await cache.get("key"))?.version).toEqual(versionOf(1))
  })

  test("is looked for again where the highest generation was replaced since it was listed", async () => {
    const { cache, path } = await openFilledStore()
    await cache.commit("key", recordOf(2), { expected: versionOf(1) })
    await unlink(path)
    const readdir = fs.readdir.bind(fs)
    const spy = vi.spyOn(fs, "readdir").mockImplementationOnce(async (...args) => {
      await readdir(...args)
      return Object.assign([], ["gen-1"])
    })
    onTestFinished(() => spy.mockRestore())
    expect(await generationOf(cache)).toBe(2)
  })

  test("has its name on disk before anything that it replaces is removed", async () => {
    const { cache, side } = await openFilledStore()
    const order: string[] = []
    const [open, link, rename] = [fs.open.bind(fs), fs.link.bind(fs), fs.rename.bind(fs)]
    const spies = [
      vi.spyOn(fs, "open").mockImplementation(async (...args) => {
        const handle = await open(...args)
        if (args[0] === side) order.push("names synced")
        return handle
      }),
      vi.spyOn(fs, "link").mockImplementation(async (...args) => {
        await link(...args)
        order.push("linked")
      }),
      vi.spyOn(fs, "rename").mockImplementation(async (...args) => {
        order.push("copied")
        await rename(...args)
      }),
    ]
    onTestFinished(() => spies.forEach((spy) => spy.mockRestore()))
    await cache.commit("key", recordOf(2), { expected: versionOf(1) })
    expect(order).toEqual(["linked", "names synced", "copied"])
  })

  test("of many writers in many generations each is written by one of them", async () => {
    const { path, side } = await openStore()
    const caches = Array.from({ length: 8 }, () => new FileTokenCache(path))
    const won = await Promise.all(
      caches.map(async (cache, writer) => {
        const generations: number[] = []
        for (let i = 0; i < 12; i++) {
          const current = await cache.get("key")
          const generation = (current?.version.generation ?? 0) + 1
          const record = {
            ...recordOf(generation),
            version: { ...versionOf(generation), id: `${writer}-${generation}` },
          }
          if ((await cache.commit("key", record, { expected: current?.version })).committed)
            generations.push(generation)
        }
        return generations
      }),
    )
    const generations = won.flat().sort((a, b) => a - b)
    expect(generations).toEqual(generations.map((_, i) => i + 1))
    expect(await namesIn(side, "gen-")).toEqual([`gen-${generations.length}`])
  })
})

describe("a file that cannot be understood", () => {
  test.each([
    ["empty", ""],
    ["torn", encodeRecord(recordOf(1)).toString().slice(0, 60)],
    ["foreign", '{"access_token": "secret-foreign"}'],
    ["of a future version", JSON.stringify({ evertoken: 2, version: versionOf(5), sealed: "secret-future" })],
  ])("and is %s is a miss that is reported once, kept aside, and written over", async (_, content) => {
    const { cache, path, side } = await openStore()
    await writeFile(path, content, { mode: 0o600 })
    const heard = cacheFailures()
    expect(await cache.get("key")).toBeUndefined()
    expect(await cache.get("key")).toBeUndefined()
    expect(heard).toMatchObject([{ cache: "file", key: "key", operation: "read" }])
    expect(JSON.stringify(heard)).not.toContain("secret")
    expect(await cache.commit("key", recordOf(1), { expected: undefined })).toEqual({ committed: true })
    const [aside = ""] = await namesIn(side, "aside-")
    expect(await readFile(join(side, aside), "utf8")).toBe(content)
    expect(await readFile(path, "utf8")).toContain("secret-access")
  })

  test("as the newest generation is a miss: an older record may hold a token that is spent", async () => {
    const { cache, side } = await openFilledStore()
    await writeFile(join(side, "gen-2"), "torn", { mode: 0o600 })
    expect(await cache.get("key")).toBeUndefined()
  })

  test("as the newest generation is made good by the store file of the same one", async () => {
    const { cache, side } = await openFilledStore()
    await writeFile(join(side, "gen-1"), "torn")
    expect(await generationOf(cache)).toBe(1)
    expect(await cache.commit("key", recordOf(2), { expected: versionOf(1) })).toEqual({ committed: true })
    expect(await generationOf(cache)).toBe(2)
  })

  test("keeps its place in the order: what follows it has a higher generation", async () => {
    const { cache, side } = await openFilledStore()
    await writeFile(join(side, "gen-7"), "torn", { mode: 0o600 })
    expect(await cache.commit("key", recordOf(2), { expected: undefined })).toEqual({ committed: true })
    expect((await cache.get("key"))?.version).toEqual({ ...versionOf(2), generation: 8 })
    expect(await namesIn(side, "aside-gen-7-")).toHaveLength(1)
  })

  test("counts by the generation that it names, so that a future version goes on above it", async () => {
    const { cache, path } = await openStore()
    await writeFile(path, JSON.stringify({ evertoken: 2, version: versionOf(5) }), { mode: 0o600 })
    await cache.delete("key")
    expect((await cache.get("key"))?.version.generation).toBe(6)
  })

  test("is a miss even where it cannot be kept aside", async () => {
    const { cache, path } = await openStore()
    await writeFile(path, "torn", { mode: 0o600 })
    const heard = cacheFailures()
    failOnce("link", "EROFS")
    expect(await cache.get("key")).toBeUndefined()
    expect(heard).toMatchObject([{ detail: says("cannot be kept aside: EROFS") }])
  })

  test("and is huge is not even read", async () => {
    const { cache, path } = await openStore()
    await writeFile(path, Buffer.alloc(9 * 1024 * 1024), { mode: 0o600 })
    expect(await cache.get("key")).toBeUndefined()
  })
})

test("a file that somebody is still writing is kept aside as it will be", async () => {
  const { cache, path, side } = await openStore()
  await writeFile(path, "half", { mode: 0o600 })
  expect(await cache.get("key")).toBeUndefined()
  await appendFile(path, " and whole")
  const [aside = ""] = await namesIn(side, "aside-")
  expect(await readFile(join(side, aside), "utf8")).toBe("half and whole")
})
