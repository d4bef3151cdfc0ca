import { chmod, lstat, mkdir, readdir, unlink } from "node:fs/promises"
import { connect } from "node:net"
import { basename, dirname, resolve } from "node:path"
import type { FastifyInstance } from "fastify"
import { listening, ListenError } from "./listen-error.js"

const NAMED_PIPE = /^\\\\[.?]\\pipe\\/i
// sun_path of sockaddr_un, less the zero at its end
const LONGEST_PATH = process.platform === "darwin" ? 103 : 107

/**
 * Listens on a Unix socket that only this user can reach; or on a named pipe of Windows. What a dead server left is removed; so is the
 * socket when the application is closed.
 * @throws ListenError if somebody else could reach it, another server is running, or something else is in its place.
 */
export async function listenOnSocket(app: FastifyInstance, path: string): Promise<void> {
  await app.ready()
  if (NAMED_PIPE.test(path)) {
    await listening(app.listeners.create(fromSocket), { path }, path)
    return
  }
  const file = resolve(path)
  if (Buffer.byteLength(file) > LONGEST_PATH) {
    throw new ListenError(`the path of the socket is too long: ${file}`, `At most ${LONGEST_PATH} bytes.`)
  }
  await preparePrivate(dirname(file), basename(file))
  await removeDead(file)
  await listening(app.listeners.create(fromSocket), { path: file }, file)
  await chmod(file, 0o600)
}

function fromSocket() {
  return { kind: "socket" } as const
}

async function preparePrivate(directory: string, name: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const found = await lstat(directory)
  const own = "Choose a directory of its own for the socket."
  if (!found.isDirectory()) throw new ListenError(`${directory} is a symbolic link, or no directory`, own)
  if (found.uid !== process.getuid?.()) throw new ListenError(`${directory} belongs to another user`, own)
  if ((found.mode & 0o077) === 0) return
  // somebody else may need it as it is, such as /tmp
  const others = (await readdir(directory)).filter((entry) => entry !== name)
  if (others.length > 0) {
    throw new ListenError(
      `${directory} is open to other users`,
      `${own} Or, if nobody needs it: chmod 700 ${directory}`,
    )
  }
  await chmod(directory, 0o700)
}

async function removeDead(file: string): Promise<void> {
  const found = await lstat(file).catch(() => undefined)
  if (found === undefined) return
  if (!found.isSocket()) throw new ListenError(`${file} is not a socket`, "Remove it, or choose another path.")
  if (await isAnswered(file)) throw new ListenError(`another server is running on ${file}`, "End it first.")
  await unlink(file)
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy()
      resolve(true)
    })
    socket.once("error", () => resolve(false))
  })
}
