import fs, { readdir, readFile, stat } from "node:fs/promises"
import { join } from "node:path"
import { describe, expect, onTestFinished, test, vi } from "vitest"
import {
  createDirectory,
  createExclusively,
  overwrite,
  replaceDurably,
  syncDirectory,
  writeTemporary,
} from "./durable-write.js"
import { temporaryDirectory } from "../testing/internal/file-stores.js"

/** Fails from now on what the handles of new files are asked to do. */
function failing(method: "sync" | "writeFile", code: string): () => void {
  const open = fs.open.bind(fs)
  const spy = vi.spyOn(fs, "open").mockImplementation(async (...args) => {
    const handle = await open(...args)
    vi.spyOn(handle, method).mockRejectedValue(Object.assign(new Error(code), { code }))
    return handle
  })
  onTestFinished(() => spy.mockRestore())
  return () => spy.mockRestore()
}

/** What was made durable, in order: `file` for a file's content, `names` for a directory. */
function syncs(): string[] {
  const order: string[] = []
  const open = fs.open.bind(fs)
  const spy = vi.spyOn(fs, "open").mockImplementation(async (...args) => {
    const handle = await open(...args)
    const sync = handle.sync.bind(handle)
    const what = (await handle.stat()).isDirectory() ? "names" : "file"
    vi.spyOn(handle, "sync").mockImplementation(async () => {
      order.push(what)
      await sync()
    })
    return handle
  })
  onTestFinished(() => spy.mockRestore())
  return order
}

describe("a durable write", () => {
  test("makes a file that only its owner may read", async () => {
    const path = await writeTemporary(await temporaryDirectory(), Buffer.from("content"))
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(await readFile(path, "utf8")).toBe("content")
  })

  test.each([
    ["writeFile", "ENOSPC"],
    ["sync", "EIO"],
  ] as const)("leaves nothing when %s fails", async (method, code) => {
    const directory = await temporaryDirectory()
    failing(method, code)
    await expect(writeTemporary(directory, Buffer.from("content"))).rejects.toMatchObject({ code })
    expect(await readdir(directory)).toEqual([])
  })

  test("creates complete, once, and leaves no temporary file", async () => {
    const directory = await temporaryDirectory()
    const names = ["first", "second", "third"]
    const created = await Promise.all(names.map((text) => createExclusively(directory, "name", Buffer.from(text))))
    expect(created.filter(Boolean)).toHaveLength(1)
    expect(await readFile(join(directory, "name"), "utf8")).toBe(names[created.indexOf(true)])
    expect(await readdir(directory)).toEqual(["name"])
  })

  test("syncs the content before the name has it, and the name after", async () => {
    const directory = await temporaryDirectory()
    const order = syncs()
    const rename = fs.rename.bind(fs)
    const spy = vi.spyOn(fs, "rename").mockImplementation(async (...args) => {
      order.push("renamed")
      await rename(...args)
    })
    onTestFinished(() => spy.mockRestore())
    await replaceDurably(await writeTemporary(directory, Buffer.from("content")), join(directory, "name"))
    expect(order).toEqual(["file", "renamed", "names"])
  })

  test("leaves no temporary file when it cannot be put in place", async () => {
    const directory = await temporaryDirectory()
    await createDirectory(join(directory, "taken", "below"))
    const temporary = await writeTemporary(directory, Buffer.from("content"))
    await expect(replaceDurably(temporary, join(directory, "taken"))).rejects.toMatchObject({ code: "EISDIR" })
    expect(await readdir(directory)).toEqual(["taken"])
  })

  test("overwrites all that was there before", async () => {
    const path = await writeTemporary(await temporaryDirectory(), Buffer.alloc(1_000, "x"))
    await overwrite(path, Buffer.from("short"))
    expect(await readFile(path, "utf8")).toBe("short")
  })

  test("creates the directories that are missing for their owner only, and makes each name durable", async () => {
    const directory = await temporaryDirectory()
    const order = syncs()
    await createDirectory(join(directory, "a", "b", "c"))
    for (const path of ["a", "a/b", "a/b/c"]) expect((await stat(join(directory, path))).mode & 0o777).toBe(0o700)
    expect(order).toEqual(["names", "names", "names"])
    await createDirectory(join(directory, "a", "b", "c"))
    expect(order).toHaveLength(3)
  })

  test("does without syncing a directory where the system cannot, and tells of a disk that fails", async () => {
    const directory = await temporaryDirectory()
    const mend = failing("sync", "EINVAL")
    await syncDirectory(directory)
    mend()
    failing("sync", "EIO")
    await expect(syncDirectory(directory)).rejects.toMatchObject({ code: "EIO" })
  })
})
