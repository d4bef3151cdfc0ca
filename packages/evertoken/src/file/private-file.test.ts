import { execFile } from "node:child_process"
import fs, { chmod, mkdir, rm, stat, symlink, unlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { describe, expect, onTestFinished, test, vi } from "vitest"
import { FileTokenCache } from "./file-token-cache.js"
import {
  cacheFailures,
  generationOf,
  openFilledStore,
  openStore,
  recordOf,
  temporaryDirectory,
  versionOf,
} from "../testing/internal/file-stores.js"

/** Files are made by another user as far as this process knows. Only root could really give them away. */
function becomeUser(uid: number): void {
  const spy = vi.spyOn(process, "geteuid").mockReturnValue(uid)
  onTestFinished(() => spy.mockRestore())
}

const says = (text: string | RegExp) => expect.stringMatching(text) as string

describe("what is not only ours", () => {
  test("a file that others can read is tightened, and told of", async () => {
    const { cache, path, side } = await openFilledStore()
    await chmod(path, 0o644)
    await chmod(side, 0o755)
    const heard = cacheFailures()
    expect(await generationOf(cache)).toBe(1)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect((await stat(side)).mode & 0o777).toBe(0o700)
    expect(heard.map(({ operation, detail }) => [operation, /mode (\d+)/.exec(detail)?.[1]])).toEqual([
      ["permissions", "755"],
      ["permissions", "644"],
    ])
  })

  test("a symbolic link in the place of the file, of its directory or of a generation is refused", async () => {
    const { cache, path, side } = await openFilledStore()
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

  test("another user's file is refused", async () => {
    const { cache, path } = await openFilledStore()
    const { uid } = await stat(path)
    becomeUser(uid + 1)
    const refused = { code: "ERR_TOKEN_CACHE", transient: false, message: says(/belongs to another user/) }
    await expect(cache.get("key")).rejects.toMatchObject(refused)
    await expect(cache.commit("key", recordOf(2), { expected: versionOf(1) })).rejects.toMatchObject(refused)
    becomeUser(uid)
    expect(await generationOf(cache)).toBe(1)
  })

  test("another user's file is refused with nothing beside it, too", async () => {
    const { cache, path, side } = await openFilledStore()
    const { uid } = await stat(path)
    await rm(side, { recursive: true })
    becomeUser(uid + 1)
    await expect(cache.get("key")).rejects.toMatchObject({ message: says(`${path} belongs to another user`) })
  })

  test("a directory or a pipe in the place of the file is refused, and waits for nobody", async () => {
    const { cache, path } = await openStore()
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
    const { cache, side } = await openStore()
    await writeFile(side, "")
    await expect(cache.get("key")).rejects.toMatchObject({ code: "ERR_TOKEN_CACHE", message: says(/not a directory/) })
  })

  test.each([0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0xff534d42 | 0])(
    "a network file system (%i) is refused, unless allowed",
    async (type) => {
      const path = join(await temporaryDirectory(), "token.json")
      const here = await fs.statfs(tmpdir())
      const spy = vi.spyOn(fs, "statfs").mockResolvedValue(Object.assign(here, { type }))
      onTestFinished(() => spy.mockRestore())
      await expect(new FileTokenCache(path).get("key")).rejects.toMatchObject({
        message: says(/allowNetworkFileSystem/),
      })
      expect(await new FileTokenCache(path, { allowNetworkFileSystem: true }).get("key")).toBeUndefined()
    },
  )
})
