import { constants, type Stats } from "node:fs"
import fs from "node:fs/promises"
import { memberOf } from "./member-of.js"
import { SecretError } from "./secret-error.js"

const LARGEST_BYTES = 65_536

/**
 * The text in the file of a secret, without the line end that editors leave. Symbolic links are followed, since platforms
 * mount secrets so; the file they lead to must be private.
 * @throws SecretError that names the file.
 */
export async function readSecretFile(path: string): Promise<string> {
  const text = (await contentOf(path)).toString("utf8").replace(/\r?\n$/, "")
  if (text === "") throw refused(path, "is empty: write the secret into it")
  return text
}

async function contentOf(path: string): Promise<Buffer> {
  try {
    // a named pipe would keep its reader waiting; where there is no such flag (Windows) undefined counts as 0
    const handle = await fs.open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      const stats = await handle.stat()
      if (!stats.isFile()) throw refused(path, "is not a regular file")
      assertPrivate(path, stats)
      if (stats.size > LARGEST_BYTES) throw refused(path, "is too large to hold nothing but a secret")
      return await handle.readFile()
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (error instanceof SecretError) throw error
    throw refused(path, unreadable(error))
  }
}

function unreadable(error: unknown): string {
  const code = memberOf(error, "code")
  if (code === "ENOENT") return "there is no such file"
  if (code === "EACCES") return "cannot be read by this user: chown it to the user that the server runs as"
  return `cannot be read: ${typeof code === "string" ? code : "unexpected failure"}`
}

function assertPrivate(path: string, { uid, mode }: Stats): void {
  const user = process.geteuid?.()
  if (user === undefined) return
  if (uid !== user && uid !== 0) throw refused(path, `belongs to another user (${uid}, this is ${user}): copy it`)
  // root's, readable to the group of this process: so Kubernetes hands over a secret
  const forbidden = uid === user ? 0o077 : 0o037
  if ((mode & forbidden) === 0) return
  const was = (mode & 0o777).toString(8)
  throw refused(path, `is open to others (mode ${was}): chmod 600 it, and replace the secret if it may have been read`)
}

function refused(path: string, problem: string): SecretError {
  return new SecretError(`file:${path}`, problem)
}
