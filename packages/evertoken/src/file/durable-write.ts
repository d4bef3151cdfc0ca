import fs from "node:fs/promises"
import { dirname, join } from "node:path"
import { sleep, systemClock } from "../clock.js"
import { systemErrorCode } from "../errors.js"
import { randomId } from "../random.js"
import { unlessMissing } from "./file-failure.js"

/** How the names of unfinished files begin; what a crash leaves of them is swept. */
export const TEMPORARY_PREFIX = "tmp-"

/** Writes a new file of a random name in `directory`; its content is on disk when this resolves. Removed on any error. */
export async function writeTemporary(directory: string, bytes: Uint8Array): Promise<string> {
  const path = join(directory, `${TEMPORARY_PREFIX}${randomId()}`)
  try {
    await writeAndSync(path, "wx", bytes)
  } catch (error) {
    await removeQuietly(path)
    throw error
  }
  return path
}

/** Writes over the blocks that a file has already, so that a full disk cannot prevent it. */
export async function overwrite(path: string, bytes: Uint8Array): Promise<void> {
  await writeAndSync(path, "r+", bytes)
}

async function writeAndSync(path: string, flags: "wx" | "r+", bytes: Uint8Array): Promise<void> {
  const handle = await fs.open(path, flags, 0o600)
  try {
    await handle.writeFile(bytes)
    if (flags === "r+") await handle.truncate(bytes.byteLength)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Gives a finished file its name. False: that name is taken already. */
export async function linkExclusively(temporary: string, target: string): Promise<boolean> {
  try {
    await fs.link(temporary, target)
    return true
  } catch (error) {
    if (systemErrorCode(error) === "EEXIST") return false
    throw error
  }
}

/** Creates `directory/name` complete, or not at all. False: it is there already. Its name is durable after `syncDirectory`. */
export async function createExclusively(directory: string, name: string, bytes: Uint8Array): Promise<boolean> {
  const temporary = await writeTemporary(directory, bytes)
  try {
    return await linkExclusively(temporary, join(directory, name))
  } finally {
    await removeQuietly(temporary)
  }
}

/** Puts a finished file in the place of `target`, durably. The temporary file is removed on any error. */
export async function replaceDurably(temporary: string, target: string): Promise<void> {
  try {
    await renamePatiently(temporary, target)
  } catch (error) {
    await removeQuietly(temporary)
    throw error
  }
  await syncDirectory(dirname(target))
}

// Windows refuses to rename over a file that a reader or a virus scanner has open just now
const HELD_OPEN: ReadonlySet<string | undefined> = new Set(["EPERM", "EACCES", "EBUSY"])

async function renamePatiently(from: string, to: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await fs.rename(from, to)
      return
    } catch (error) {
      const again = process.platform === "win32" && attempt < 10 && HELD_OPEN.has(systemErrorCode(error))
      if (!again) throw error
      await sleep(systemClock, 10 * attempt)
    }
  }
}

// not every platform and file system can sync a directory, nor may every user open it
const CANNOT_SYNC: ReadonlySet<string | undefined> = new Set(["EINVAL", "ENOTSUP", "EISDIR", "EPERM", "EACCES"])

/** Makes the names in a directory durable: POSIX syncs them apart from what they name. */
export async function syncDirectory(path: string): Promise<void> {
  try {
    const handle = await fs.open(path, "r")
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (!CANNOT_SYNC.has(systemErrorCode(error))) throw error
  }
}

/** Creates a directory of mode 0700, and those above it that are missing, durably. */
export async function createDirectory(path: string): Promise<void> {
  const first = await fs.mkdir(path, { recursive: true, mode: 0o700 })
  if (first === undefined) return
  const last = dirname(first)
  for (let above = dirname(path); above.length >= last.length; above = dirname(above)) {
    await syncDirectory(above)
    if (above === dirname(above)) break
  }
}

/** False: it was not there. */
export async function remove(path: string): Promise<boolean> {
  return (await unlessMissing(() => fs.unlink(path).then(() => true))) ?? false
}

/** What stays is swept an hour later. */
export async function removeQuietly(path: string): Promise<void> {
  await fs.unlink(path).catch(() => undefined)
}

/** The names in a directory; none if it is not there. */
export async function namesIn(directory: string): Promise<readonly string[]> {
  return (await unlessMissing(() => fs.readdir(directory))) ?? []
}
