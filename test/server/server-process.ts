import { spawn, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { hashOf } from "evertoken"
import { FileTokenCache } from "evertoken/file"
import { Agent, request } from "undici"

const PACKAGE = dirname(createRequire(import.meta.url).resolve("@evertoken/server/package.json"))
const MAIN = join(PACKAGE, "dist/main.js")

export interface ServerFields {
  readonly tokens: object
  readonly listen?: object
  readonly log?: object
  readonly allowLiteralSecrets?: boolean
}

export interface ProcessOptions {
  readonly env?: NodeJS.ProcessEnv
  /** Of Node.js itself, before the program. */
  readonly nodeOptions?: readonly string[]
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: unknown
}

/** Where a token server has its configuration, its socket and its state, whichever process it is just now. */
export class ServerPlace implements AsyncDisposable {
  readonly directory: string
  readonly socketPath: string
  readonly config: string
  readonly #agent: Agent

  private constructor(directory: string) {
    this.directory = directory
    this.socketPath = join(directory, "run", "evertoken.sock")
    this.config = join(directory, "evertoken.yaml")
    // as many clients: what one asks does not wait for another
    this.#agent = new Agent({
      connect: { socketPath: this.socketPath },
      pipelining: 0,
      headersTimeout: 0,
      bodyTimeout: 0,
    })
  }

  /** @param fields of the configuration, besides the places */
  static async make(fields: ServerFields): Promise<ServerPlace> {
    const place = new ServerPlace(await mkdtemp(join(tmpdir(), "evertoken-server-")))
    const listen = { socket: place.socketPath, ...fields.listen }
    // JSON is YAML
    await writeFile(place.config, JSON.stringify({ stateDirectory: "state", ...fields, listen }), { mode: 0o600 })
    return place
  }

  /** The first 16 hex digits of the SHA-256 of the refresh token that is written; undefined: there is none. */
  async refreshTokenOnDisk(name: string): Promise<string | undefined> {
    const record = await new FileTokenCache({ directory: join(this.directory, "state", "tokens") }).get(name)
    const refreshToken = record?.token?.refreshToken
    return refreshToken === undefined ? undefined : hashOf(refreshToken)
  }

  /** Over the socket. Rejects if nobody answers. */
  async ask(method: "GET" | "POST" | "PUT" | "DELETE", path: string, fields?: object): Promise<Answer> {
    const json = fields && { body: JSON.stringify(fields), headers: { "content-type": "application/json" } }
    const answer = await request(`http://localhost${path}`, { method, dispatcher: this.#agent, ...json })
    const text = await answer.body.text()
    const body: unknown = text === "" ? undefined : JSON.parse(text)
    return { status: answer.statusCode, headers: answer.headers, body }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy()
    await rm(this.directory, { recursive: true, force: true })
  }
}

/** One process of `evertoken serve`. */
export class ServerProcess implements Disposable {
  readonly #child: ChildProcess
  readonly #exit: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
  #output = ""
  #wake: () => void = () => undefined

  constructor({ config }: ServerPlace, { env = {}, nodeOptions = [] }: ProcessOptions = {}) {
    this.#child = spawn(process.execPath, [...nodeOptions, MAIN, "serve", "--config", config], {
      env: { ...process.env, NODE_OPTIONS: "", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8").on("data", (chunk: string) => {
        this.#output += chunk
        this.#wake()
      })
    }
    this.#exit = once(this.#child, "exit").then(([code, signal]: unknown[]) => {
      this.#wake()
      return { code: typeof code === "number" ? code : null, signal: (signal ?? null) as NodeJS.Signals | null }
    })
  }

  static async started(place: ServerPlace, options: ProcessOptions = {}): Promise<ServerProcess> {
    const server = new ServerProcess(place, options)
    await server.ready
    return server
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Everything it has written so far: its log, and what it tells people. */
  get output(): string {
    return this.#output
  }

  /** Forgets what it has written so far. */
  takeOutput(): string {
    const output = this.#output
    this.#output = ""
    return output
  }

  /** Resolves once it listens. Rejects with what it wrote if it ends before. */
  get ready(): Promise<void> {
    return this.#ready()
  }

  /** Resolves once it has ended. */
  get exit(): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }> {
    return this.#exit
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  [Symbol.dispose](): void {
    this.#child.kill("SIGKILL")
  }

  async #ready(): Promise<void> {
    while (!this.#output.includes("evertoken: keeping ")) {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) throw new Error(`it ended: ${this.#output}`)
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }
}
