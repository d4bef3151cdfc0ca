import { readdir, readFile, stat, writeFile } from "node:fs/promises"
import { basename, join, relative } from "node:path"
import { describe, expect, test } from "vitest"
import { FileTokenCache, type FileTokenCacheTarget } from "./file-token-cache.js"
import { encodeRecord } from "../stored-record.js"
import {
  cacheFailures,
  failOnce,
  generationOf,
  namesIn,
  openFilledStore,
  recordOf,
  temporaryDirectory,
  versionOf,
} from "../testing/internal/file-stores.js"

const says = (text: string | RegExp) => expect.stringMatching(text) as string

describe("what a file cache writes", () => {
  test("is the store, its generation, and nothing else but the marks of processes", async () => {
    const { path, side } = await openFilledStore()
    expect(await readdir(side)).toEqual(["gen-1"])
    expect(await readFile(path, "utf8")).toBe(await readFile(join(side, "gen-1"), "utf8"))
    expect((await stat(path)).ino).not.toBe((await stat(join(side, "gen-1"))).ino)
  })

  test("is for its owner only, in directories that are created so", async () => {
    const path = join(await temporaryDirectory(), "new", "deep", "token.json")
    await new FileTokenCache(path).commit("key", recordOf(1), { expected: undefined })
    const modeOf = async (name: string) => ((await stat(name)).mode & 0o777).toString(8)
    expect(await modeOf(path)).toBe("600")
    expect(await modeOf(join(`${path}.d`, "gen-1"))).toBe("600")
    expect(await modeOf(`${path}.d`)).toBe("700")
    expect(await modeOf(join(path, ".."))).toBe("700")
    expect(await modeOf(join(path, "..", ".."))).toBe("700")
  })

  test("leaves lower generations only where it was killed, and removes them the next time", async () => {
    const { cache, side } = await openFilledStore()
    await cache.commit("key", recordOf(2), { expected: versionOf(1) })
    await writeFile(join(side, "gen-1"), encodeRecord(recordOf(1)), { mode: 0o600 })
    expect(await generationOf(cache)).toBe(2)
    await cache.commit("key", recordOf(3), { expected: versionOf(2) })
    expect(await namesIn(side, "gen-")).toEqual(["gen-3"])
  })

  test("names no key that is not fit for a file name, nor tells capitals apart by it", async () => {
    const directory = await temporaryDirectory()
    const cache = new FileTokenCache({ directory })
    for (const key of ["tenant-1.eu_x", "Tenant", "tenant", "../up", "con", "sha256-0123456789abcdef"]) {
      await cache.commit(key, recordOf(1), { expected: undefined })
    }
    const names = (await readdir(directory)).filter((name) => !name.endsWith(".d"))
    expect(names.filter((name) => !name.startsWith("sha256-")).sort()).toEqual(["tenant-1.eu_x.json", "tenant.json"])
    expect(names.filter((name) => /^sha256-[0-9a-f]{16}\.json$/.test(name))).toHaveLength(4)
  })
})

describe("when the system fails", () => {
  test("the error says what cannot be done, why, and what mends it", async () => {
    const { cache, path } = await openFilledStore()
    failOnce("readdir", "EACCES")
    await expect(cache.get("key")).rejects.toMatchObject({
      name: "TokenError",
      code: "ERR_TOKEN_CACHE",
      transient: true,
      message: says(new RegExp(`read the token in ${path}: EACCES, permission denied`)),
      cause: expect.objectContaining({ code: "EACCES" }) as Error,
    })
  })

  test("a record that cannot be linked is not there, and nothing of it is left", async () => {
    const { cache, side } = await openFilledStore()
    failOnce("link", "ENOSPC")
    await expect(cache.commit("key", recordOf(2), { expected: versionOf(1) })).rejects.toMatchObject({
      code: "ERR_TOKEN_CACHE",
    })
    expect(await generationOf(cache)).toBe(1)
    expect(await readdir(side)).toEqual(["gen-1"])
  })

  test("a record that cannot be copied to the store is committed all the same, and that is told", async () => {
    const { cache, path, side } = await openFilledStore()
    const heard = cacheFailures()
    failOnce("rename", "EBUSY")
    expect(await cache.commit("key", recordOf(2), { expected: versionOf(1) })).toEqual({ committed: true })
    expect(heard).toMatchObject([{ operation: "copy", detail: says("EBUSY") }])
    expect(await readFile(path, "utf8")).toContain("secret-access-1")
    expect(await generationOf(cache)).toBe(2)
    expect(await readdir(side)).toEqual(["gen-2"])
  })

  test("a temporary file swept from under a writer costs it a second try only", async () => {
    const { cache } = await openFilledStore()
    failOnce("link", "ENOENT")
    expect(await cache.commit("key", recordOf(2), { expected: versionOf(1) })).toEqual({ committed: true })
  })
})

describe("new FileTokenCache", () => {
  test.each([
    [undefined, /^target must be the path of a file, or { directory }; got undefined\. Is the environment variable/],
    [null, /^target .*directory }; got null$/],
    [new URL("file:///tokens"), /^target .*; got an object$/],
    ["", /^target .*; got an empty string\. Is the environment variable/],
    [{ directory: undefined }, /^directory must be a path; got undefined\. Is the environment variable/],
    ["a\0b", /path/],
    [{}, /directory/],
    [{ directory: "" }, /directory/],
    ["tokens/", /directory: …/],
  ])("refuses %j, naming what is wrong", (target, message) => {
    expect(() => new FileTokenCache(target as FileTokenCacheTarget)).toThrow(TypeError)
    expect(() => new FileTokenCache(target as FileTokenCacheTarget)).toThrow(message)
  })

  test.each([
    [{ pollMs: 0 }, /pollMs/],
    [{ pollMs: NaN }, /pollMs/],
    [{ allowNetworkFileSystem: "yes" as unknown as boolean }, /allowNetworkFileSystem/],
  ])("refuses the options %j", (options, message) => {
    expect(() => new FileTokenCache("token.json", options)).toThrow(message)
  })

  test("takes a relative path as of that moment, and leaves ~ alone", async () => {
    const directory = await temporaryDirectory()
    const cache = new FileTokenCache(join(relative(process.cwd(), directory), "~", "token.json"))
    await cache.commit("key", recordOf(1), { expected: undefined })
    expect(await readdir(directory)).toEqual(["~"])
  })

  test("with one file serves one key, and says what to use for more", async () => {
    const { cache, path } = await openFilledStore()
    await expect(cache.get("another")).rejects.toMatchObject({
      code: "ERR_TOKEN_CACHE",
      transient: false,
      message: `${basename(path)} holds the token of one key: for several keys use new FileTokenCache({ directory: … })`,
    })
    expect(await generationOf(cache)).toBe(1)
  })
})
