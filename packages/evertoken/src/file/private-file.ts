import { constants, type Stats } from "node:fs"
import fs from "node:fs/promises"
import { systemErrorCode } from "../errors.js"
import { refusal, unlessMissing } from "./file-failure.js"
import { LARGEST_RECORD_BYTES } from "../stored-record.js"

/** Tells of something that was not right, and that the cache goes on in spite of. Nothing told is a secret. */
export type StoreReport = (operation: string, detail: string) => void

export interface PrivateFile {
  /** Undefined: it is too large to be ours. */
  readonly bytes: Buffer | undefined
  readonly stats: Stats
}

/**
 * Reads a file that only its owner may read: tightens and reports a looser mode. Undefined: it is not there.
 * @throws TokenError `ERR_TOKEN_CACHE` for a symbolic link, for another user's file, for what is no regular file.
 */
export async function readPrivateFile(path: string, report: StoreReport): Promise<PrivateFile | undefined> {
  const handle = await unlessMissing(() => openItself(path))
  if (handle === undefined) return undefined
  try {
    const stats = await handle.stat()
    if (!stats.isFile()) throw refusal(`${path} is not a regular file: use another path, or remove it`)
    assertOwn(path, stats)
    await tighten(path, { stats, to: 0o600, chmod: (mode) => handle.chmod(mode), report })
    return { stats, bytes: stats.size > LARGEST_RECORD_BYTES ? undefined : await handle.readFile() }
  } finally {
    await handle.close()
  }
}

async function openItself(path: string) {
  // without O_NOFOLLOW (Windows) a link is found by looking first
  if (!constants.O_NOFOLLOW && (await fs.lstat(path)).isSymbolicLink()) throw symbolicLink(path)
  try {
    // O_NONBLOCK: to open a pipe nobody writes to would wait forever. Windows has neither: undefined counts as 0
    return await fs.open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if (systemErrorCode(error) === "ELOOP") throw symbolicLink(path)
    throw error
  }
}

/** Checks a directory of our own as `readPrivateFile` does a file. False: it is not there. @throws TokenError `ERR_TOKEN_CACHE` */
export async function checkPrivateDirectory(path: string, report: StoreReport): Promise<boolean> {
  const stats = await unlessMissing(() => fs.lstat(path))
  if (stats === undefined) return false
  if (stats.isSymbolicLink()) throw symbolicLink(path)
  if (!stats.isDirectory()) throw refusal(`${path} is not a directory: remove it, or use another path`)
  assertOwn(path, stats)
  await tighten(path, { stats, to: 0o700, chmod: (mode) => fs.chmod(path, mode), report })
  return true
}

function symbolicLink(path: string) {
  return refusal(`${path} is a symbolic link: give the path of what it points to, or remove it`)
}

function assertOwn(path: string, { uid }: Stats): void {
  const user = process.geteuid?.()
  if (user === undefined || uid === user) return
  throw refusal(`${path} belongs to another user (${uid}, this is ${user}): run as that user, or use another path`)
}

interface Tightening {
  readonly stats: Stats
  readonly to: number
  readonly chmod: (mode: number) => Promise<void>
  readonly report: StoreReport
}

async function tighten(path: string, { stats, to, chmod, report }: Tightening): Promise<void> {
  if (process.platform === "win32" || (stats.mode & 0o077) === 0) return
  const was = (stats.mode & 0o777).toString(8)
  try {
    await chmod(to)
    report("permissions", `${path} could be read by others (mode ${was}): tightened to ${to.toString(8)}`)
  } catch (error) {
    report(
      "permissions",
      `${path} can be read by others (mode ${was}), and cannot be tightened: ${systemErrorCode(error)}`,
    )
  }
}
