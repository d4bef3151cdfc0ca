import { constants } from "node:fs"
import fs from "node:fs/promises"
import { systemErrorCode, TokenError } from "../errors.js"

// a token of an identity that is in hundreds of groups has some 50 kB
const LARGEST_BYTES = 262_144

/**
 * The text of a file that some other program keeps up to date, without the line end: read at each call, symbolic links
 * followed.
 * @returns a promise that rejects with a `TokenError` (`ERR_TOKEN_SOURCE`), transient: it may be there the next time.
 */
export async function readAssertionFile(path: string): Promise<string> {
  const text = (await contentOf(path)).toString("utf8").trim()
  if (/^[\x21-\x7e]+$/.test(text)) return text
  throw unusable(path, text === "" ? "is empty" : "holds other text than one token")
}

async function contentOf(path: string): Promise<Buffer> {
  try {
    // a named pipe would keep its reader waiting
    const handle = await fs.open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      const stats = await handle.stat()
      if (!stats.isFile()) throw unusable(path, "is not a regular file")
      if (stats.size > LARGEST_BYTES) throw unusable(path, "is far too large for a token")
      return await handle.readFile()
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (error instanceof TokenError) throw error
    throw unusable(path, `cannot be read: ${systemErrorCode(error) ?? "unknown error"}`)
  }
}

function unusable(path: string, problem: string): TokenError {
  const message = `${path} ${problem}; is the program that writes it running?`
  return new TokenError("ERR_TOKEN_SOURCE", message, { transient: true })
}
