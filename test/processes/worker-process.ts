import { fork, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { readFile } from "node:fs/promises"
import { setTimeout as wait } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import type { RenewalStep } from "evertoken"
import type { PublishedToken, SeenToken, WorkerCalls, WorkerConfig, WorkerMessage } from "./worker-protocol.js"

type Sight = RenewalStep | "waiting"

/** What a worker process runs. */
export interface WorkerProgram {
  readonly path: string
  readonly execArgv: readonly string[]
}

const WORKER: WorkerProgram = {
  path: fileURLToPath(new URL("worker.ts", import.meta.url)),
  execArgv: ["--import", "tsx"],
}

/** A real process with its own source on a shared store, for tests that kill. */
export class WorkerProcess {
  readonly pid: number
  readonly #child: ChildProcess
  readonly #waiting = new Map<
    number,
    { resolve: (value: SeenToken | undefined) => void; reject: (error: Error) => void }
  >()
  readonly #sightings = new Map<Sight, () => void>()
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  /** What the watcher has published. */
  readonly published: PublishedToken[] = []
  #id = 0

  private constructor(child: ChildProcess) {
    this.#child = child
    this.pid = child.pid ?? 0
    this.exited = once(child, "exit").then(([code, signal]) => {
      for (const { reject } of this.#waiting.values())
        reject(new Error(`the worker is gone: ${String(signal ?? code)}`))
      this.#waiting.clear()
      return { code: code as number | null, signal: signal as NodeJS.Signals | null }
    })
    child.on("message", (message: WorkerMessage) => this.#received(message))
  }

  static async start(config: WorkerConfig, { path, execArgv } = WORKER): Promise<WorkerProcess> {
    const worker = new WorkerProcess(
      fork(path, { execArgv: [...execArgv], stdio: ["ignore", "inherit", "inherit", "ipc"] }),
    )
    await worker.call("configure", config)
    return worker
  }

  static startMany(count: number, config: WorkerConfig, program = WORKER): Promise<WorkerProcess[]> {
    return Promise.all(Array.from({ length: count }, () => WorkerProcess.start(config, program)))
  }

  async call<M extends keyof WorkerCalls>(
    method: M,
    ...args: Parameters<WorkerCalls[M]>
  ): Promise<ReturnType<WorkerCalls[M]>> {
    const id = ++this.#id
    const answer = new Promise<SeenToken | undefined>((resolve, reject) => this.#waiting.set(id, { resolve, reject }))
    // a process that ends meanwhile is told of by `exited`
    this.#child.send({ id, method, args }, (error) => {
      if (error !== null) this.#waiting.get(id)?.reject(error)
      if (error !== null) this.#waiting.delete(id)
    })
    return (await answer) as ReturnType<WorkerCalls[M]>
  }

  /** Resolves when it next reaches this step of a renewal, or waits for another's claim. */
  next(sight: Sight): Promise<void> {
    return new Promise((resolve) => this.#sightings.set(sight, resolve))
  }

  /** Resolves when the system has stopped it. */
  async stopped(): Promise<void> {
    while (!(await this.isStopped())) await wait(5)
  }

  /** Whether the system has stopped it. */
  async isStopped(): Promise<boolean> {
    return (await readFile(`/proc/${this.pid}/stat`, "utf8")).includes(") T ")
  }

  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    this.#child.kill(signal)
    await this.exited
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.kill()
  }

  #received(message: WorkerMessage): void {
    if ("step" in message) return this.#sightings.get(message.step)?.()
    if ("waiting" in message) return this.#sightings.get("waiting")?.()
    if ("token" in message) {
      this.published.push(message.token)
      return
    }
    const waiting = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    if ("error" in message)
      waiting?.reject(Object.assign(new Error(message.error.message), { code: message.error.code }))
    else waiting?.resolve(message.value)
  }
}
