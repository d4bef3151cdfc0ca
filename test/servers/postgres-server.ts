import { execFileSync, spawn, type ChildProcess, type SpawnOptions } from "node:child_process"
import { once } from "node:events"
import { chown, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { readdirSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { setTimeout as wait } from "node:timers/promises"
import pg from "pg"
import { aptInstall, findProgram, skipped } from "./apt-install.js"
import { freePort } from "./free-port.js"

const DISTRIBUTION = "/usr/lib/postgresql"

/**
 * Where the programs of PostgreSQL are. Where they are missing and can be installed, they are.
 * @returns undefined if there are none, which one line tells
 * @throws Error in CI: there it must not be skipped
 */
export function providePostgres(): string | undefined {
  const found = findPrograms() ?? (aptInstall("postgresql") ? findPrograms() : undefined)
  return found ?? void skipped("no PostgreSQL: nothing is tested on a real one (apt-get install postgresql)")
}

function findPrograms(): string | undefined {
  const versions = entriesOf(DISTRIBUTION).sort((a, b) => Number(b) - Number(a))
  const directories = versions.map((version) => join(DISTRIBUTION, version, "bin"))
  const found = directories.find((directory) => findProgram("initdb", [directory]))
  return found ?? findProgram("initdb")?.replace(/\/initdb$/, "")
}

function entriesOf(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

/** PostgreSQL and pgbouncer refuse to run as root. */
export function unprivileged(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const idOf = (flag: string) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }))
  return { uid: idOf("-u"), gid: idOf("-g") }
}

/** A directory of its own for a server that does not run as root. */
export async function serverDirectory(prefix: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), prefix))
  const user = unprivileged()
  if (user !== undefined) await chown(directory, user.uid, user.gid)
  return directory
}

const SETTINGS = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  max_connections: "100",
  // a kill of the server loses nothing that it has written, flushed or not
  fsync: "off",
}

/** A server of its own: on a free port, in a temporary directory, killed and paused as one likes. Lets everybody in. */
export class PostgresServer implements AsyncDisposable {
  readonly port: number
  readonly #programs: string
  readonly #directory: string
  #child: ChildProcess | undefined

  private constructor(programs: string, place: { readonly port: number; readonly directory: string }) {
    this.#programs = programs
    this.port = place.port
    this.#directory = place.directory
  }

  static async start(programs: string): Promise<PostgresServer> {
    const directory = await serverDirectory("evertoken-postgres-")
    const server = new PostgresServer(programs, { port: await freePort(), directory })
    await server.#createCluster()
    await server.start()
    return server
  }

  /** For `new pg.Pool()`. The password is a canary: no error may show it. */
  get connection() {
    const { port } = this
    return { host: "127.0.0.1", port, user: "postgres", password: "canary-database-password", database: "postgres" }
  }

  /** Resolves once it takes connections. @param standby it only reads, until it is promoted. */
  async start(settings: Readonly<Record<string, string>> = {}, { standby = false } = {}): Promise<void> {
    if (standby) await writeFile(join(this.#directory, "standby.signal"), "")
    const all = { ...SETTINGS, ...settings, port: String(this.port) }
    const args = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`])
    const child = this.#spawn("postgres", ["-D", this.#directory, ...args], ["ignore", "ignore", "pipe"])
    this.#child = child
    endWithTests(child)
    const said: string[] = []
    if (child.stderr === null) throw new Error("unreachable")
    for await (const line of createInterface({ input: child.stderr })) {
      said.push(line)
      // what it says afterwards has nobody to read it
      if (/ready to accept (read-only )?connections/.test(line)) return void child.stderr.resume()
    }
    throw new Error(`postgres did not start: ${said.slice(-3).join("; ")}`)
  }

  /** Stops it between two instructions, until {@link resume}. Connections stay open, and nothing answers. */
  async pause(): Promise<void> {
    await this.#signal("SIGSTOP")
  }

  async resume(): Promise<void> {
    await this.#signal("SIGCONT")
  }

  /** As by a power failure. */
  async kill(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, "exit")
    // stopped first, it begets no more, and its children stay its own: one that lives on keeps the next from starting
    child.kill("SIGSTOP")
    for (const pid of await childrenOf(child.pid)) kill(pid, "SIGKILL")
    while ((await childrenOf(child.pid)).length > 0) await wait(5)
    child.kill("SIGKILL")
    await exited
  }

  /** As an administrator does: connections are ended, everything is written. */
  async stop(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined) return
    const exited = once(child, "exit")
    child.kill("SIGINT")
    await exited
  }

  /** Runs one statement as the superuser. */
  async run(text: string, database = "postgres"): Promise<readonly Record<string, unknown>[]> {
    const client = new pg.Client({ ...this.connection, database })
    await client.connect()
    try {
      return (await client.query<Record<string, unknown>>(text)).rows
    } finally {
      await client.end()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    await rm(this.#directory, { recursive: true, force: true })
  }

  async #createCluster(): Promise<void> {
    const options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    const child = this.#spawn("initdb", ["-D", this.#directory, ...options], "ignore")
    const [code] = (await once(child, "exit")) as [number]
    if (code !== 0) throw new Error(`initdb ended with ${code}`)
  }

  #spawn(program: string, args: readonly string[], stdio: SpawnOptions["stdio"]): ChildProcess {
    const env = { PATH: process.env["PATH"], LC_ALL: "C", TZ: "UTC" }
    return spawn(join(this.#programs, program), args, { stdio, env, ...unprivileged() })
  }

  // each connection is a process of its own
  async #signal(signal: NodeJS.Signals): Promise<void> {
    if (this.#child?.pid === undefined) return
    this.#child.kill(signal)
    for (const pid of await childrenOf(this.#child.pid)) kill(pid, signal)
  }
}

async function childrenOf(parent: number): Promise<readonly number[]> {
  const pids = (await readdir("/proc")).map(Number).filter((pid) => pid > 0)
  const parents = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, "utf8").catch(() => "")))
  // pid (name) state ppid; the dead that nobody has asked after are no more than names
  return pids.filter((_, i) => Number(/\) [^Z] (\d+)/.exec(parents[i] ?? "")?.[1]) === parent)
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // it has ended meanwhile
  }
}

/** Lest it outlives tests that end before it does. */
export function endWithTests(child: ChildProcess): void {
  const end = () => void child.kill("SIGQUIT")
  process.once("exit", end)
  child.once("exit", () => process.off("exit", end))
}
