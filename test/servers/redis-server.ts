import { spawn, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { aptInstall, findProgram, skipped } from "./apt-install.js"
import { freePort } from "./free-port.js"

const NAME = "redis-server"

/**
 * Where redis-server is. Where it is missing and can be installed, it is.
 * @returns undefined if there is none, which one line tells
 * @throws Error in CI: there it must not be skipped
 */
export function provideRedis(): string | undefined {
  const found = findProgram(NAME) ?? (aptInstall(NAME) ? findProgram(NAME) : undefined)
  return found ?? void skipped("no redis-server: nothing is tested on a real one (apt-get install redis-server)")
}

export interface RedisServerOptions {
  /** More of what can be in its configuration file. */
  readonly settings?: Readonly<Record<string, string>>
  /** The configuration of a sentinel: that is then what it is. */
  readonly sentinel?: string
}

const SETTINGS = {
  bind: "127.0.0.1",
  save: "",
  appendonly: "yes",
  appendfsync: "always",
  "maxmemory-policy": "noeviction",
  "repl-diskless-sync-delay": "0",
}

/** A server of its own: on a free port, in a temporary directory, killed and paused as one likes. */
export class RedisServer implements AsyncDisposable {
  readonly port: number
  readonly directory: string
  readonly #program: string
  readonly #options: RedisServerOptions
  #child: ChildProcess | undefined

  private constructor(
    program: string,
    place: { readonly port: number; directory: string },
    options: RedisServerOptions,
  ) {
    this.#program = program
    this.port = place.port
    this.directory = place.directory
    this.#options = options
  }

  static async start(program: string, options: RedisServerOptions = {}): Promise<RedisServer> {
    const directory = await mkdtemp(join(tmpdir(), "evertoken-redis-"))
    const server = new RedisServer(program, { port: await freePort(), directory }, options)
    try {
      await server.start()
    } catch (error) {
      await server[Symbol.asyncDispose]()
      throw error
    }
    return server
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  /** Resolves once it takes connections. */
  async start(): Promise<void> {
    const child = spawn(this.#program, await this.#args(), { stdio: ["ignore", "pipe", "ignore"] })
    this.#child = child
    const said: string[] = []
    for await (const line of createInterface({ input: child.stdout })) {
      said.push(line)
      // what it says afterwards has nobody to read it
      if (/Ready to accept connections|monitor master/.test(line)) return void child.stdout.resume()
    }
    throw new Error(`redis-server did not start: ${said.slice(-3).join("; ")}`)
  }

  async #args(): Promise<readonly string[]> {
    const { settings, sentinel } = this.#options
    const place = { port: String(this.port), dir: this.directory }
    if (sentinel === undefined) {
      return Object.entries({ ...SETTINGS, ...settings, ...place }).flatMap(([name, value]) => [`--${name}`, value])
    }
    const file = join(this.directory, "sentinel.conf") // it writes there what it learns
    await writeFile(file, `port ${place.port}\ndir ${place.dir}\nbind 127.0.0.1\n${sentinel}\n`)
    return [file, "--sentinel"]
  }

  /** Stops it between two instructions, until {@link resume}. Connections stay open, and nothing answers. */
  pause(): void {
    this.#child?.kill("SIGSTOP")
  }

  resume(): void {
    this.#child?.kill("SIGCONT")
  }

  /** As by a power failure. */
  async kill(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child?.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, "exit")
    child.kill("SIGKILL")
    await exited
  }

  /** Removes what is on its disk: the next start is empty. */
  async loseData(): Promise<void> {
    await this.#removeFiles()
    await mkdir(this.directory)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    await this.#removeFiles()
  }

  /** A copy of itself that it made for a replica may outlive it for a moment, and write. */
  #removeFiles(): Promise<void> {
    return rm(this.directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  }
}
