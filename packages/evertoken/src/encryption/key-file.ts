import { constants, type Stats } from "node:fs"
import fs from "node:fs/promises"
import { systemErrorCode, TokenError } from "../errors.js"
import { KEY_BYTES } from "./key-material.js"

// a text in any encoding, with white space around it
const LARGEST_BYTES = 256

/**
 * What is in the file of a key: 32 bytes as they are, or else a text. Symbolic links are followed, since platforms mount
 * secrets so; the file they lead to must be private.
 * @returns a promise that rejects with a `TokenError` (`ERR_TOKEN_CACHE`) that begins with the path.
 */
export async function readKeyFile(path: string): Promise<Uint8Array | string> {
  const bytes = await contentOf(path)
  return bytes.byteLength === KEY_BYTES ? bytes : bytes.toString("utf8")
}

async function contentOf(path: string): Promise<Buffer> {
  try {
    // a named pipe would keep its reader waiting; where there is no such flag (Windows) undefined counts as 0
    const handle = await fs.open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      const stats = await handle.stat()
      if (!stats.isFile()) throw refused(path, "is not a regular file")
      assertPrivate(path, stats)
      if (stats.size > LARGEST_BYTES) throw refused(path, "is too large to hold nothing but a key")
      return await handle.readFile()
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (error instanceof TokenError) throw error
    throw refused(path, `cannot be read: ${systemErrorCode(error) ?? "unexpected failure"}`)
  }
}

function assertPrivate(path: string, { uid, mode }: Stats): void {
  const user = process.geteuid?.()
  if (user === undefined) return
  if (uid !== user && uid !== 0) throw refused(path, `belongs to another user (${uid}, this is ${user}): copy it`)
  // root's, readable to the group of this process: so Kubernetes hands over a secret
  const forbidden = uid === user ? 0o077 : 0o037
  if ((mode & forbidden) === 0) return
  const was = (mode & 0o777).toString(8)
  throw refused(path, `is open to others (mode ${was}): chmod 600 it, and replace the key if it may have been read`)
}

function refused(path: string, problem: string): TokenError {
  return new TokenError("ERR_TOKEN_CACHE", `${path} ${problem}`, { transient: false })
}
