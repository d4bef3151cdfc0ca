import { execFile } from "node:child_process"
import fs, {
  appendFile,
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  unlink,
  writeFile,
} from "node:fs/promises"
import { tmpdir } from "node:os"
import { basename, join, relative } from "node:path"
import { promisify } from "node:util"
import { describe, expect, onTestFinished, test, vi } from "vitest"
import { onTokenEvent, type TokenEvents } from "../events.js"
import type { StoredToken } from "../token-cache.js"
import { Token } from "../token.js"
import { FileTokenCache, type FileTokenCacheTarget } from "./file-token-cache.js"
import { encodeRecord } from "./stored-record.js"

async function temporaryDirectory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "evertoken-"))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

const versionOf = (generation: number) => ({ lineage: "lineage", generation, id: `id-${generation}` })

function recordOf(generation: number): StoredToken {
  const accessToken = `secret-access-${generation}`
  const token = new Token({ accessToken, refreshToken: "secret-refresh", issuedAt: 1, staleAt: 2, expiresAt: 3 })
  return { version: versionOf(generation), token, fingerprint: "f", lineages: [] }
}

async function open() {
  const path = join(await temporaryDirectory(), "token.json")
  return { path, side: `${path}.d`, cache: new FileTokenCache(path) }
}

/** A store with generation 1 in it. */
async function openFilled() {
  const store = await open()
  await store.cache.commit("key", recordOf(1), { expected: undefined })
  return store
}

function reports(): TokenEvents["cache-failed"][] {
  const heard: TokenEvents["cache-failed"][] = []
  onTestFinished(onTokenEvent("cache-failed", (event) => heard.push(event)))
  return heard
}

const says = (text: string | RegExp) => expect.stringMatching(text) as string

const generationOf = async (cache: FileTokenCache) => (await cache.get("key"))?.version.generation
const namesOf = async (side: string, prefix: string) => (await readdir(side)).filter((name) => name.startsWith(prefix))

function failOnce(method: "link" | "rename" | "readdir", code: string): void {
  const spy = vi.spyOn(fs, method).mockRejectedValueOnce(Object.assign(new Error(code), { code }))
  onTestFinished(() => spy.mockRestore())
}

describe("what a file cache writes", () => {
  test("is the store, its generation, and nothing else but the marks of processes", async () => {
    const { path, side } = await openFilled()
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
    const { cache, side } = await openFilled()
    await cache.commit("key", recordOf(2), { expected: versionOf(1) })
    await writeFile(join(side, "gen-1"), encodeRecord(recordOf(1)), { mode: 0o600 })
    expect(await generationOf(cache)).toBe(2)
    await cache.commit("key", recordOf(3), { expected: versionOf(2) })
    expect(await namesOf(side, "gen-")).toEqual(["gen-3"])
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

describe("the record of a file cache", () => {
  test("is the generation that a killed process has linked, though it never reached the store", async () => {
    const { cache, path, side } = await openFilled()
    await writeFile(join(side, "gen-2"), encodeRecord(recordOf(2)), { mode: 0o600 })
    expect(await generationOf(cache)).toBe(2)
    await cache.commit("key", recordOf(3), { expected: versionOf(2) })
    expect(await readFile(path, "utf8")).toContain("secret-access-3")
  })

  test("is the store file alone, copied from elsewhere, and goes on from there", async () => {
    const { cache, path, side } = await open()
    await writeFile(path, encodeRecord(recordOf(41)), { mode: 0o600 })
    expect(await generationOf(cache)).toBe(41)
    expect(await cache.commit("key", recordOf(42), { expected: versionOf(41) })).toEqual({ committed: true })
    expect(await namesOf(side, "gen-")).toEqual(["gen-42"])
  })

  test("is the store file where that is the higher generation", async () => {
    const { cache, path } = await openFilled()
    await writeFile(path, encodeRecord(recordOf(9)))
    expect(await generationOf(cache)).toBe(9)
  })

  test("is not lost with the store file", async () => {
    const { cache, path } = await openFilled()
    await unlink(path)
    expect(await generationOf(cache)).toBe(1)
  })

  test("is not lost with the directory beside it", async () => {
    const { cache, side } = await openFilled()
    await rm(side, { recursive: true })
    expect(await generationOf(cache)).toBe(1)
    expect(await cache.commit("key", recordOf(2), { expected: versionOf(1) })).toEqual({ committed: true })
  })

  test("is a miss, not an error, when all was removed, and can be written again", async () => {
    const { cache, path, side } = await openFilled()
    await rm(join(path, ".."), { recursive: true })
    expect(await cache.get("key")).toBeUndefined()
    expect(await cache.commit("key", recordOf(7), { expected: undefined })).toEqual({ committed: true })
    expect(await generationOf(cache)).toBe(7)
    expect(await namesOf(side, "gen-")).toHaveLength(1)
  })

  test("committed again after a failure nobody could judge counts as committed", async () => {
    const { cache } = await openFilled()
    expect(await cache.commit("key", recordOf(1), { expected: undefined })).toEqual({ committed: true })
    expect(await generationOf(cache)).toBe(1)
  })

  test("is refused to a late writer whose generation's name is free again", async () => {
    const { cache, path, side } = await openFilled()
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
    expect(await namesOf(side, "gen-")).toEqual(["gen-3"])
  })

  test("of many writers in many generations each is written by one of them", async () => {
    const { path, side } = await open()
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
    expect(await namesOf(side, "gen-")).toEqual([`gen-${generations.length}`])
  })
})

describe("a file that cannot be understood", () => {
  test.each([
    ["empty", ""],
    ["torn", encodeRecord(recordOf(1)).toString().slice(0, 60)],
    ["foreign", '{"access_token": "secret-foreign"}'],
    ["of a future version", JSON.stringify({ evertoken: 2, version: versionOf(5), sealed: "secret-future" })],
  ])("and is %s is a miss that is reported once, kept aside, and written over", async (_, content) => {
    const { cache, path, side } = await open()
    await writeFile(path, content, { mode: 0o600 })
    const heard = reports()
    expect(await cache.get("key")).toBeUndefined()
    expect(await cache.get("key")).toBeUndefined()
    expect(heard).toMatchObject([{ cache: "file", key: "key", operation: "read" }])
    expect(JSON.stringify(heard)).not.toContain("secret")
    expect(await cache.commit("key", recordOf(1), { expected: undefined })).toEqual({ committed: true })
    const [aside = ""] = await namesOf(side, "aside-")
    expect(await readFile(join(side, aside), "utf8")).toBe(content)
    expect(await readFile(path, "utf8")).toContain("secret-access")
  })

  test("as the newest generation is a miss: an older record may hold a token that is spent", async () => {
    const { cache, side } = await openFilled()
    await writeFile(join(side, "gen-2"), "torn", { mode: 0o600 })
    expect(await cache.get("key")).toBeUndefined()
  })

  test("as the newest generation is made good by the store file of the same one", async () => {
    const { cache, side } = await openFilled()
    await writeFile(join(side, "gen-1"), "torn")
    expect(await generationOf(cache)).toBe(1)
    expect(await cache.commit("key", recordOf(2), { expected: versionOf(1) })).toEqual({ committed: true })
    expect(await generationOf(cache)).toBe(2)
  })

  test("keeps its place in the order: what follows it has a higher generation", async () => {
    const { cache, side } = await openFilled()
    await writeFile(join(side, "gen-7"), "torn", { mode: 0o600 })
    expect(await cache.commit("key", recordOf(2), { expected: undefined })).toEqual({ committed: true })
    expect((await cache.get("key"))?.version).toEqual({ ...versionOf(2), generation: 8 })
    expect(await namesOf(side, "aside-gen-7-")).toHaveLength(1)
  })

  test("counts by the generation that it names, so that a future version goes on above it", async () => {
    const { cache, path } = await open()
    await writeFile(path, JSON.stringify({ evertoken: 2, version: versionOf(5) }), { mode: 0o600 })
    await cache.delete("key")
    expect((await cache.get("key"))?.version.generation).toBe(6)
  })

  test("is a miss even where it cannot be kept aside", async () => {
    const { cache, path } = await open()
    await writeFile(path, "torn", { mode: 0o600 })
    const heard = reports()
    failOnce("link", "EROFS")
    expect(await cache.get("key")).toBeUndefined()
    expect(heard).toMatchObject([{ detail: says("cannot be kept aside: EROFS") }])
  })

  test("and is huge is not even read", async () => {
    const { cache, path } = await open()
    await writeFile(path, Buffer.alloc(2 * 1024 * 1024), { mode: 0o600 })
    expect(await cache.get("key")).toBeUndefined()
  })
})

describe("what is not only ours", () => {
  test("a file that others can read is tightened, and told of", async () => {
    const { cache, path, side } = await openFilled()
    await chmod(path, 0o644)
    await chmod(side, 0o755)
    const heard = reports()
    expect(await generationOf(cache)).toBe(1)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect((await stat(side)).mode & 0o777).toBe(0o700)
    expect(heard.map(({ operation, detail }) => [operation, /mode (\d+)/.exec(detail)?.[1]])).toEqual([
      ["permissions", "755"],
      ["permissions", "644"],
    ])
  })

  test("a symbolic link in the place of the file, of its directory or of a generation is refused", async () => {
    const { cache, path, side } = await openFilled()
    await fs.rename(path, `${path}.real`)
    await symlink(`${path}.real`, path)
    const refused = { code: "ERR_TOKEN_CACHE", transient: false, message: says("symbolic link") }
    await expect(cache.get("key")).rejects.toMatchObject(refused)
    await expect(cache.commit("key", recordOf(2), { expected: versionOf(1) })).rejects.toMatchObject(refused)
    await unlink(path)
    await symlink(path, join(side, "gen-2"))
    await expect(cache.get("key")).rejects.toMatchObject(refused)
    await fs.rename(side, `${side}.real`)
    await symlink(`${side}.real`, side)
    await expect(cache.get("key")).rejects.toMatchObject(refused)
  })

  test("symbolic links on the way to the file are followed", async () => {
    const directory = await temporaryDirectory()
    await mkdir(join(directory, "real"))
    await symlink("real", join(directory, "link"))
    const [linked, real] = ["link", "real"].map((name) => new FileTokenCache(join(directory, name, "token.json")))
    await linked?.commit("key", recordOf(1), { expected: undefined })
    expect((await real?.get("key"))?.version).toEqual(versionOf(1))
  })

  test.runIf(process.geteuid?.() === 0)("another user's file is refused", async () => {
    const { cache, path } = await openFilled()
    await chown(path, 65_534, 65_534)
    await expect(cache.get("key")).rejects.toMatchObject({
      code: "ERR_TOKEN_CACHE",
      message: says(/belongs to another user/),
    })
  })

  test("a directory or a pipe in the place of the file is refused, and waits for nobody", async () => {
    const { cache, path } = await open()
    await mkdir(path)
    await expect(cache.get("key")).rejects.toMatchObject({
      code: "ERR_TOKEN_CACHE",
      message: says(/not a regular file/),
    })
    await rm(path, { recursive: true })
    await promisify(execFile)("mkfifo", [path])
    await expect(cache.get("key")).rejects.toMatchObject({
      code: "ERR_TOKEN_CACHE",
      message: says(/not a regular file/),
    })
  })

  test("a file in the place of the directory beside it is refused", async () => {
    const { cache, side } = await open()
    await writeFile(side, "")
    await expect(cache.get("key")).rejects.toMatchObject({ code: "ERR_TOKEN_CACHE", message: says(/not a directory/) })
  })

  test.each([0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0xff534d42 | 0])(
    "a network file system (%i) is refused, unless allowed",
    async (type) => {
      const path = join(await temporaryDirectory(), "token.json")
      const here = await fs.statfs(tmpdir())
      const spy = vi.spyOn(fs, "statfs").mockResolvedValue({ ...here, type })
      onTestFinished(() => spy.mockRestore())
      await expect(new FileTokenCache(path).get("key")).rejects.toMatchObject({
        message: says(/allowNetworkFileSystem/),
      })
      expect(await new FileTokenCache(path, { allowNetworkFileSystem: true }).get("key")).toBeUndefined()
    },
  )
})

describe("when the system fails", () => {
  test("the error says what cannot be done, why, and what mends it", async () => {
    const { cache, path } = await openFilled()
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
    const { cache, side } = await openFilled()
    failOnce("link", "ENOSPC")
    await expect(cache.commit("key", recordOf(2), { expected: versionOf(1) })).rejects.toMatchObject({
      code: "ERR_TOKEN_CACHE",
    })
    expect(await generationOf(cache)).toBe(1)
    expect(await readdir(side)).toEqual(["gen-1"])
  })

  test("a record that cannot be copied to the store is committed all the same, and that is told", async () => {
    const { cache, path, side } = await openFilled()
    const heard = reports()
    failOnce("rename", "EBUSY")
    expect(await cache.commit("key", recordOf(2), { expected: versionOf(1) })).toEqual({ committed: true })
    expect(heard).toMatchObject([{ operation: "copy", detail: says("EBUSY") }])
    expect(await readFile(path, "utf8")).toContain("secret-access-1")
    expect(await generationOf(cache)).toBe(2)
    expect(await readdir(side)).toEqual(["gen-2"])
  })

  test("a temporary file swept from under a writer costs it a second try only", async () => {
    const { cache } = await openFilled()
    failOnce("link", "ENOENT")
    expect(await cache.commit("key", recordOf(2), { expected: versionOf(1) })).toEqual({ committed: true })
  })
})

describe("new FileTokenCache", () => {
  test.each([
    [undefined, /path|directory/],
    [null, /directory/],
    ["", /path/],
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
    const { cache, path } = await openFilled()
    await expect(cache.get("another")).rejects.toMatchObject({
      code: "ERR_TOKEN_CACHE",
      transient: false,
      message: `${basename(path)} holds the token of one key: for several keys use new FileTokenCache({ directory: … })`,
    })
    expect(await generationOf(cache)).toBe(1)
  })
})

test("a file that somebody is still writing is kept aside as it will be", async () => {
  const { cache, path, side } = await open()
  await writeFile(path, "half", { mode: 0o600 })
  expect(await cache.get("key")).toBeUndefined()
  await appendFile(path, " and whole")
  const [aside = ""] = await namesOf(side, "aside-")
  expect(await readFile(join(side, aside), "utf8")).toBe("half and whole")
})
