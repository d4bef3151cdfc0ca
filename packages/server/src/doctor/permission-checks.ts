import type { Stats } from "node:fs"
import { lstat, readdir } from "node:fs/promises"
import { dirname, join } from "node:path"
import { fail, ok, warn, type Finding } from "./finding.js"

const MOST_ENTRIES = 10_000
const MOST_TOLD = 3

export interface PlacesToCheck {
  readonly configFile: string
  readonly stateDirectory: string
  readonly socket: string
}

/** Whether what is kept is this user's alone. Windows has other means for that. */
export async function checkPermissions(places: PlacesToCheck): Promise<readonly Finding[]> {
  if (process.platform === "win32") return []
  const { configFile, stateDirectory, socket } = places
  return [
    await checkOwner("configuration file", configFile),
    await checkTree(stateDirectory),
    ...(await checkSocket(socket)),
  ]
}

async function checkOwner(subject: string, path: string): Promise<Finding> {
  const { uid } = await lstat(path)
  if (uid === process.geteuid?.() || uid === 0) return ok(subject, `${path} is this user's, or root's`)
  return warn(subject, `${path} belongs to another user (${uid}), who can change it`, `chown it: chown root ${path}`)
}

async function checkTree(directory: string): Promise<Finding> {
  const subject = "state directory"
  const found = await statOf(directory)
  if (found === undefined) return ok(subject, `${directory} is made when it is needed`)
  const wrong: string[] = []
  let count = 0
  for await (const { path, stats } of entriesOf(directory, found)) {
    if (++count > MOST_ENTRIES) break
    const problem = problemOf(stats)
    if (problem !== undefined) wrong.push(`${path} ${problem}`)
  }
  if (wrong.length === 0) return ok(subject, `${directory} and all in it is this user's alone`)
  const more = wrong.length > MOST_TOLD ? `; and ${wrong.length - MOST_TOLD} more` : ""
  const hint = `chown -R "$(id -u)" ${directory}; chmod -R go-rwx ${directory}; and replace what others may have read`
  return fail(subject, wrong.slice(0, MOST_TOLD).join("; ") + more, hint)
}

async function* entriesOf(path: string, stats: Stats): AsyncIterable<{ readonly path: string; readonly stats: Stats }> {
  yield { path, stats }
  // one that cannot be read is another's, and that is told
  const names = stats.isDirectory() ? await readdir(path).catch(() => []) : []
  for (const name of names) {
    const found = await statOf(join(path, name))
    if (found !== undefined) yield* entriesOf(join(path, name), found)
  }
}

async function checkSocket(socket: string): Promise<readonly Finding[]> {
  const subject = "socket"
  const found = await statOf(dirname(socket))
  if (found === undefined || socket.startsWith("\\\\")) return []
  const directory = problemOf(found)
  if (directory !== undefined) {
    const hint = `Choose a directory of its own for it; or, if nobody else needs this one: chmod 700 ${dirname(socket)}`
    return [fail(subject, `${dirname(socket)} ${directory}`, hint)]
  }
  const own = await statOf(socket)
  const problem = own && problemOf(own)
  if (problem !== undefined) return [fail(subject, `${socket} ${problem}`, `End the server, and start it again.`)]
  return [ok(subject, `${socket} is reached by this user alone`)]
}

/** What others may do with it, or whose it is. */
function problemOf({ uid, mode }: Stats): string | undefined {
  if (uid !== process.geteuid?.()) return `belongs to another user (${uid})`
  if ((mode & 0o077) === 0) return undefined
  return `is open to others (mode ${(mode & 0o777).toString(8).padStart(3, "0")})`
}

/** Undefined where nothing is there, any more. */
function statOf(path: string): Promise<Stats | undefined> {
  return lstat(path).catch(() => undefined)
}
