import type { Clock, Timer } from "../clock.js"

export interface OwnerHeartbeatOptions {
  /** Whether somebody shares the store who cannot see this process. */
  readonly isNeeded: () => Promise<boolean>
  readonly clock: Clock
}

const LOOK_EVERY_MS = 2_000

/**
 * Shows processes that cannot see the owner of a claim (other containers, other hosts) that it is alive: an uncontended
 * proper-lockfile lock on the claim, which nobody else ever tries to take. It begins when it is needed, however long
 * the claim has been held by then; who came meanwhile waits for ten seconds before it takes a missing heartbeat for a
 * stopped one. proper-lockfile hooks signals and `process.emit`: it is not loaded before.
 */
export class OwnerHeartbeat {
  readonly #path: string
  readonly #options: OwnerHeartbeatOptions
  #timer: Timer | undefined
  #starting: Promise<void> | undefined
  #release: (() => Promise<void>) | undefined
  #stopped = false
  #lost = false

  /** @param path that of the claim */
  constructor(path: string, options: OwnerHeartbeatOptions) {
    this.#path = path
    this.#options = options
  }

  /** It could not be kept up: others may think the owner dead. */
  get lost(): boolean {
    return this.#lost
  }

  /** Never rejects: what cannot be begun now is tried again. */
  start(): Promise<void> {
    this.#starting = this.#start()
    return this.#starting
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    await this.#starting
    await this.#end()
  }

  async #start(): Promise<void> {
    await this.#beginIfNeeded().catch(() => undefined)
    if (this.#stopped || this.#release !== undefined) return
    this.#timer = this.#options.clock.setTimer(() => void this.start(), LOOK_EVERY_MS, { ref: false })
  }

  async #beginIfNeeded(): Promise<void> {
    if (!(await this.#options.isNeeded())) return
    const { lock } = await import("proper-lockfile")
    this.#release = await lock(this.#path, {
      realpath: false,
      retries: 0,
      stale: 10_000,
      update: 2_000,
      onCompromised: () => {
        this.#lost = true
      },
    })
  }

  async #end(): Promise<void> {
    const release = this.#release
    this.#release = undefined
    await release?.().catch(() => undefined)
  }
}
