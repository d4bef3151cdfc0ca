import { constants } from "node:fs"
import fs from "node:fs/promises"
import { systemErrorCode, TokenError } from "./errors.js"

/** A file that some other program keeps up to date. It is read anew for each request, symbolic links followed. */
export interface TextFile {
  /** Its path, relative to the working directory at this moment. It holds what is wanted, and nothing else. */
  readonly file: string
}

// a bundle of all authorities that a system trusts has some 250 kB
const LARGEST_BYTES = 1_048_576

/** @returns a promise that rejects with a `TokenError` (`ERR_TOKEN_SOURCE`), transient: it may be there the next time. */
export async function readTextFile(path: string): Promise<string> {
  return (await contentOf(path)).toString("utf8").trim()
}

async function contentOf(path: string): Promise<Buffer> {
  try {
    // a named pipe would keep its reader waiting
    const handle = await fs.open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      const stats = await handle.stat()
      if (!stats.isFile()) throw unusableFile(path, "is not a regular file")
      if (stats.size > LARGEST_BYTES) throw unusableFile(path, "is far too large")
      return await handle.readFile()
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (error instanceof TokenError) throw error
    throw unusableFile(path, `cannot be read: ${systemErrorCode(error) ?? "unknown error"}`)
  }
}

export function unusableFile(path: string, problem: string): TokenError {
  const message = `${path} ${problem}; is the program that writes it running?`
  return new TokenError("ERR_TOKEN_SOURCE", message, { transient: true })
}
