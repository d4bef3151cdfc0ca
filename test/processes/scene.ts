import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { RealIssuer, type RealIssuerOptions } from "../issuer/real-issuer.js"
import { WorkerProcess } from "./worker-process.js"
import type { WorkerConfig } from "./worker-protocol.js"

/** A real issuer, a shared file and the processes on it; everything ends with it. */
export class Scene {
  readonly issuer: RealIssuer
  readonly file: string
  readonly #directory: string
  readonly #workers: WorkerProcess[] = []

  private constructor(issuer: RealIssuer, directory: string) {
    this.issuer = issuer
    this.#directory = directory
    this.file = join(directory, "token.json")
  }

  static async set(options: RealIssuerOptions = {}): Promise<Scene> {
    return new Scene(await RealIssuer.start(options), await mkdtemp(join(tmpdir(), "evertoken-")))
  }

  /** Processes with client credentials. */
  async clients(count: number, options: Partial<WorkerConfig> = {}): Promise<WorkerProcess[]> {
    const { clientId, clientSecret } = this.issuer.clients.basic
    return this.#start(count, { issuer: this.issuer.url, clientId, clientSecret, file: this.file, ...options })
  }

  /** Processes that share one rotating refresh token. */
  async rotating(count: number, refreshToken: string, options: Partial<WorkerConfig> = {}): Promise<WorkerProcess[]> {
    const { clientId } = this.issuer.clients.public
    return this.#start(count, { issuer: this.issuer.url, clientId, refreshToken, file: this.file, ...options })
  }

  async #start(count: number, config: WorkerConfig): Promise<WorkerProcess[]> {
    const workers = await WorkerProcess.startMany(count, config)
    this.#workers.push(...workers)
    return workers
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker[Symbol.asyncDispose]()))
    await this.issuer.close()
    await rm(this.#directory, { recursive: true, force: true })
  }
}
