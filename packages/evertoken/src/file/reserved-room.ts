import { randomBytes } from "node:crypto"
import fs from "node:fs/promises"
import { overwrite, removeQuietly, syncDirectory, writeTemporary } from "./durable-write.js"
import { unlessMissing } from "./file-failure.js"

// an answer with an access token of 16 KB, an ID token and a refresh token fits
const ROOM_BYTES = 64 * 1024

/** Disk space set aside before a single-use token is sent, so that its answer can be written even if the disk fills up meanwhile. */
export class ReservedRoom {
  readonly #files = new Set<string>()

  /** Durable when it resolves. Random bytes: a file system that compresses would keep no room for zeros. */
  async reserve(directory: string): Promise<string> {
    const path = await writeTemporary(directory, randomBytes(ROOM_BYTES))
    this.#files.add(path)
    await syncDirectory(directory)
    return path
  }

  /** Keeps it from being swept as a leftover. False: it was used, or is gone; reserve anew. */
  async renew(path: string, now: Date): Promise<boolean> {
    if (!this.#files.has(path)) return false
    const renewed = await unlessMissing(() => fs.utimes(path, now, now).then(() => true))
    if (!renewed) this.#files.delete(path)
    return renewed ?? false
  }

  async drop(path: string): Promise<void> {
    if (this.#files.delete(path)) await removeQuietly(path)
  }

  /** A temporary file with `bytes` in it, on disk when it resolves: in reserved room, if there is some. */
  async write(directory: string, bytes: Uint8Array): Promise<string> {
    for (const path of this.#files) {
      this.#files.delete(path)
      if (await this.#filled(path, bytes)) return path
    }
    return writeTemporary(directory, bytes)
  }

  async #filled(path: string, bytes: Uint8Array): Promise<boolean> {
    try {
      return (await unlessMissing(() => overwrite(path, bytes).then(() => true))) ?? false
    } catch (error) {
      await removeQuietly(path)
      throw error
    }
  }
}
