import { spawn, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { chown, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { aptInstall, findProgram, skipped } from "./apt-install.js"
import { freePort } from "./free-port.js"
import { endWithTests, serverDirectory, unprivileged, type PostgresServer } from "./postgres-server.js"

const PLACES = [...(process.env["PATH"] ?? "").split(":"), "/usr/sbin"]

/**
 * Where pgbouncer is. Where it is missing and can be installed, it is.
 * @returns undefined if there is none, which one line tells
 * @throws Error in CI: there it must not be skipped
 */
export function providePgbouncer(): string | undefined {
  const find = () => findProgram("pgbouncer", PLACES)
  const found = find() ?? (aptInstall("pgbouncer") ? find() : undefined)
  return found ?? void skipped("no pgbouncer: nothing is tested through it (apt-get install pgbouncer)")
}

/** Lends each connection for one transaction, and resets it then: what is left in a session is lost, or another's. */
export class Pgbouncer implements AsyncDisposable {
  readonly port: number
  readonly #directory: string
  readonly #child: ChildProcess

  private constructor(port: number, directory: string, child: ChildProcess) {
    this.port = port
    this.#directory = directory
    this.#child = child
  }

  /** As many connections to the server as `poolSize`. */
  static async start(program: string, server: PostgresServer, { poolSize = 2 } = {}): Promise<Pgbouncer> {
    const [port, directory] = [await freePort(), await serverDirectory("evertoken-pgbouncer-")]
    const settings = {
      listen_addr: "127.0.0.1",
      listen_port: port,
      unix_socket_dir: "",
      auth_type: "any",
      pool_mode: "transaction",
      default_pool_size: poolSize,
      server_reset_query_always: 1,
    }
    const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`)
    const database = `postgres = host=127.0.0.1 port=${server.port} dbname=postgres user=postgres`
    const file = join(directory, "pgbouncer.ini")
    await writeFile(file, ["[databases]", database, "[pgbouncer]", ...lines, ""].join("\n"))
    const user = unprivileged()
    if (user !== undefined) await chown(file, user.uid, user.gid)
    const child = spawn(program, [file], { stdio: ["ignore", "ignore", "pipe"], ...user })
    endWithTests(child)
    const said: string[] = []
    for await (const line of createInterface({ input: child.stderr })) {
      said.push(line)
      if (!line.includes("process up")) continue
      // what it says afterwards has nobody to read it
      child.stderr.resume()
      return new Pgbouncer(port, directory, child)
    }
    throw new Error(`pgbouncer did not start: ${said.slice(-3).join("; ")}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#child, "exit")
    this.#child.kill("SIGKILL")
    await exited
    await rm(this.#directory, { recursive: true, force: true })
  }
}
