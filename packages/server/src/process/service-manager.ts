import { spawn } from "node:child_process"
import type { Clock, Timer } from "evertoken"
import type { Logger } from "pino"

const TOOL = "systemd-notify"
/** A system lets no command have an argument as long as the names of thousands of tokens. */
const LONGEST_STATUS = 1_000

export interface ServiceManagerOptions {
  readonly clock: Clock
  readonly log: Logger
  readonly env?: Readonly<Record<string, string | undefined>>
}

/**
 * Tells systemd, or whatever has set `NOTIFY_SOCKET`, how the server is doing: sd_notify(3), sd_watchdog_enabled(3). Node.js has no
 * datagram sockets of Unix, so that systemd's own tool sends it; the unit must allow that (`NotifyAccess=all`). Where nobody wants to
 * know, nothing is done.
 */
export class ServiceManager implements Disposable {
  readonly #options: ServiceManagerOptions
  readonly #env: Readonly<Record<string, string>> | undefined
  readonly #watchdogMs: number | undefined
  #last: Promise<void> = Promise.resolve()
  #timer: Timer | undefined
  #isTold = false

  constructor(options: ServiceManagerOptions) {
    const { env = process.env } = options
    const { NOTIFY_SOCKET: socket, PATH: path = "/usr/bin:/bin", WATCHDOG_USEC: microseconds, WATCHDOG_PID: pid } = env
    this.#options = options
    this.#env = socket ? { NOTIFY_SOCKET: socket, PATH: path } : undefined
    const isWatched = pid === undefined || pid === String(process.pid)
    const watchdogMs = isWatched ? Math.floor(Number(microseconds) / 1_000) : 0
    this.#watchdogMs = watchdogMs > 0 ? watchdogMs : undefined
  }

  /** What comes after it is told in this order. From the first time on, the watchdog is told, too. */
  ready(status: string): void {
    this.#tell("READY=1", `STATUS=${status.slice(0, LONGEST_STATUS)}`)
    if (this.#timer === undefined) this.#feed()
  }

  reloading(): void {
    this.#tell("RELOADING=1")
  }

  stopping(): void {
    this.#tell("STOPPING=1")
  }

  /** Resolves once all is told. */
  told(): Promise<void> {
    return this.#last
  }

  [Symbol.dispose](): void {
    this.#timer?.cancel()
  }

  #feed(): void {
    if (this.#env === undefined || this.#watchdogMs === undefined) return
    this.#tell("WATCHDOG=1")
    // half of it, as sd_watchdog_enabled(3) recommends
    this.#timer = this.#options.clock.setTimer(() => this.#feed(), this.#watchdogMs / 2, { ref: false })
  }

  #tell(...assignments: readonly string[]): void {
    const env = this.#env
    if (env === undefined) return
    // without memory it throws
    this.#last = this.#last.then(() => this.#send(assignments, env)).catch(() => this.#complain("it cannot be run"))
  }

  #send(assignments: readonly string[], env: Readonly<Record<string, string>>): Promise<void> {
    return new Promise((resolve) => {
      const child = spawn(TOOL, assignments, { env, stdio: "ignore" })
      child.once("error", () => {
        this.#complain("it cannot be run")
        resolve()
      })
      child.once("exit", (code) => {
        if (code !== 0) this.#complain("it fails")
        resolve()
      })
    })
  }

  #complain(what: string): void {
    if (this.#isTold) return
    this.#isTold = true
    this.#options.log.warn({ tool: TOOL }, `the service manager cannot be told how the server is doing: ${what}`)
  }
}
