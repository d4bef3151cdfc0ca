import { fork, type ChildProcess } from "node:child_process"
import { randomBytes } from "node:crypto"
import { once } from "node:events"
import { readFile } from "node:fs/promises"
import { setTimeout as wait } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { createTable } from "@evertoken/session/postgres"
import type { RenewalStep } from "evertoken"
import pg from "pg"
import { Agent, request } from "undici"
import { RealIssuer, type RealIssuerOptions } from "../issuer/real-issuer.js"
import { PostgresServer } from "../servers/postgres-server.js"
import type { SessionServerOptions } from "./session-server.js"

const MAIN = fileURLToPath(new URL("session-server.ts", import.meta.url))

export interface PageAnswer {
  readonly status: number
  readonly body: { readonly token?: string; readonly code?: string; readonly removed?: readonly string[] }
}

/** One process, until it ends. */
export interface SessionServer {
  /** No other has it, nor will have it. */
  readonly name: string
  readonly port: number
  readonly isRunning: boolean
}

/** A web application on several server processes, over one real PostgreSQL and a real issuer. */
export class SessionServers implements AsyncDisposable {
  readonly issuer: RealIssuer
  readonly postgres: PostgresServer
  readonly pool: pg.Pool
  readonly #servers: ServerProcess[] = []
  readonly #agent = new Agent({ connections: 100 })
  readonly #options: Omit<SessionServerOptions, "name">
  #started = 0

  private constructor(issuer: RealIssuer, postgres: PostgresServer) {
    this.issuer = issuer
    this.postgres = postgres
    this.pool = new pg.Pool(postgres.connection)
    // what is idle when the server ends
    this.pool.on("error", () => {})
    this.#options = {
      issuer: issuer.url,
      clientId: issuer.clients.public.clientId,
      database: postgres.connection,
      encryptionKeys: [keyText()],
      signingKeys: [keyText()],
    }
  }

  static async start(programs: string, count: number, issuer: RealIssuerOptions = {}): Promise<SessionServers> {
    const servers = new SessionServers(await RealIssuer.start(issuer), await PostgresServer.start(programs))
    await createTable(servers.pool)
    await servers.#startAll(count)
    return servers
  }

  /** In their places: what is killed is followed by another one. */
  get servers(): readonly SessionServer[] {
    return this.#servers
  }

  /** All end, and begin again with a new key before the old ones: the first writes, all read. */
  async rotateKeys(): Promise<void> {
    const { encryptionKeys, signingKeys } = this.#options
    const count = this.#servers.length
    await this.#killAll()
    Object.assign(this.#options, {
      encryptionKeys: [keyText(), ...encryptionKeys],
      signingKeys: [keyText(), ...signingKeys],
    })
    await this.#startAll(count)
  }

  /** Ends one of them between two instructions. */
  async kill(place: number): Promise<void> {
    await this.#servers[place]?.kill()
  }

  /** The next renewal of this one stops at this step, until {@link resume}. */
  async stopAt(place: number, step: RenewalStep): Promise<void> {
    await this.#servers[place]?.stopAt(step)
  }

  /** Once it has stopped. */
  async stopped(place: number): Promise<void> {
    await this.#servers[place]?.stopped()
  }

  resume(place: number): void {
    this.#servers[place]?.resume()
  }

  /** Another one in its place. */
  async restart(place: number): Promise<void> {
    await this.kill(place)
    this.#servers[place] = await this.#start()
  }

  /** A browser's request to one of them. Keeps cookies in `jar`. */
  async ask(server: number, path: string, jar: Map<string, string>, fields?: object): Promise<PageAnswer> {
    const port = this.#servers[server % this.#servers.length]?.port
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ")
    const answer = await request(`http://127.0.0.1:${port}${path}`, {
      dispatcher: this.#agent,
      headers: cookie === "" ? {} : { cookie },
      ...(fields && { method: "POST", body: JSON.stringify(fields) }),
    })
    for (const line of [answer.headers["set-cookie"] ?? []].flat()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (line.includes("Max-Age=0")) jar.delete(name)
      else jar.set(name, value)
    }
    return { status: answer.statusCode, body: (await answer.body.json()) as PageAnswer["body"] }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#killAll()
    await this.#agent.destroy()
    await this.pool.end()
    await this.postgres[Symbol.asyncDispose]()
    await this.issuer.close()
  }

  #start(): Promise<ServerProcess> {
    const name = `server-${++this.#started}`
    return ServerProcess.start({ ...this.#options, name })
  }

  async #startAll(count: number): Promise<void> {
    this.#servers.push(...(await Promise.all(Array.from({ length: count }, () => this.#start()))))
  }

  async #killAll(): Promise<void> {
    await Promise.all(this.#servers.splice(0).map((server) => server.kill()))
  }
}

class ServerProcess implements SessionServer {
  readonly name: string
  readonly port: number
  readonly #child: ChildProcess

  private constructor(name: string, port: number, child: ChildProcess) {
    this.name = name
    this.port = port
    this.#child = child
  }

  static async start(options: SessionServerOptions): Promise<ServerProcess> {
    const env = { ...process.env, SESSION_SERVER: JSON.stringify(options) }
    const child = fork(MAIN, { execArgv: ["--import", "tsx"], env })
    const [port] = (await once(child, "message")) as [number]
    return new ServerProcess(options.name, port, child)
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null && !this.#child.killed
  }

  async stopAt(step: RenewalStep): Promise<void> {
    await new Promise((resolve) => this.#child.send(step, resolve))
  }

  async stopped(): Promise<void> {
    // pid (name) state
    while (!(await readFile(`/proc/${this.#child.pid}/stat`, "utf8")).includes(") T ")) await wait(5)
  }

  resume(): void {
    this.#child.kill("SIGCONT")
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, "exit")
    this.#child.kill("SIGKILL")
    await exited
  }
}

function keyText(): string {
  return randomBytes(32).toString("base64")
}
