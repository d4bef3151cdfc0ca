import { setTimeout as wait } from "node:timers/promises"
import type { HaltSignal, WorkerConfig } from "../processes/worker-protocol.js"
import { WorkerProcess, type WorkerProgram } from "../processes/worker-process.js"
import { epochMs } from "./epoch.js"
import type { Halt } from "./schedule.js"

export interface CrewOptions {
  readonly size: number
  readonly program: WorkerProgram
  readonly journal: string
  readonly seed: number
  /** What a worker is configured with when it starts. */
  readonly config: () => WorkerConfig
  readonly listener: CrewListener
}

export interface CrewListener {
  /** Called before the signal is sent. */
  readonly onSignal: (worker: string, signal: HaltSignal | "SIGCONT", at: number) => void
  readonly onEnd: (end: WorkerEnd) => void
  readonly onStartFailed: (worker: string, error: unknown) => void
}

/** How a worker ended, as the system tells it. */
export interface WorkerEnd {
  readonly worker: string
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

interface Slot {
  readonly index: number
  incarnation: number
  name: string
  worker: WorkerProcess | undefined
  isStopped: boolean
  /** For how long it stops when it stops itself. */
  stoppedMs: number
  filling: Promise<void>
}

const REST_MS = 60
// if every worker had a trap waiting for it there would soon be no renewal any more
const TRAP_MS = 1_000
const LATE_MS = 20_000
const WAIT_MS = 250

/** So many workers on one file, each followed by another when it ends. */
export class Crew {
  readonly #options: CrewOptions
  readonly #slots: readonly Slot[]
  #ending = false

  constructor(options: CrewOptions) {
    this.#options = options
    this.#slots = Array.from({ length: options.size }, (_, index) => {
      const filling = Promise.resolve()
      return { index, incarnation: 0, name: "", worker: undefined, isStopped: false, stoppedMs: 0, filling }
    })
  }

  async start(): Promise<void> {
    for (const slot of this.#slots) slot.filling = this.#fill(slot)
    await Promise.all(this.#slots.map(({ filling }) => filling))
  }

  /** How many run and are not stopped. */
  get active(): number {
    return this.#slots.filter(({ worker, isStopped }) => worker !== undefined && !isStopped).length
  }

  get stopped(): number {
    return this.#slots.filter(({ isStopped }) => isStopped).length
  }

  /** Does it, or has the worker do it itself. One that is not running at the moment is spared. */
  halt({ worker: index, signal, step, stoppedMs }: Halt): void {
    const slot = this.#slots[index]
    if (slot?.worker === undefined) return
    slot.stoppedMs = stoppedMs
    if (step !== undefined) {
      void slot.worker.call("haltAt", step, signal, TRAP_MS).catch(() => undefined)
      return
    }
    this.#options.listener.onSignal(slot.name, signal, epochMs())
    slot.worker.signal(signal)
    if (signal === "SIGSTOP") this.#continueLater(slot)
    if (signal === "SIGTERM") void this.#seeToItsEnd(slot, slot.worker)
  }

  /** A worker has sent itself a signal. */
  hasHalted(name: string, signal: HaltSignal): void {
    const slot = this.#slots.find((each) => each.name === name)
    if (slot?.worker === undefined) return
    if (signal === "SIGSTOP") this.#continueLater(slot)
    if (signal === "SIGTERM") void this.#seeToItsEnd(slot, slot.worker)
  }

  /** Hands all of them what {@link CrewOptions.config} gives now. */
  reconfigure(): void {
    for (const { worker } of this.#slots) void worker?.call("configure", this.#options.config()).catch(() => undefined)
  }

  /** One that was stopped from outside just before it stopped itself would stand still for ever. */
  async wakeForgotten(): Promise<void> {
    for (const slot of this.#slots) {
      const { worker, isStopped } = slot
      if (worker === undefined || isStopped || !(await worker.isStopped().catch(() => false))) continue
      if (slot.worker === worker && !slot.isStopped) worker.signal("SIGCONT")
    }
  }

  /** Ends them by SIGTERM, or by SIGKILL where that does not help. */
  async end(): Promise<void> {
    this.#ending = true
    await Promise.all(this.#slots.map(({ filling }) => filling))
    for (const slot of this.#slots) this.#continue(slot)
    await Promise.all(
      this.#slots.map(async (slot) => {
        if (slot.worker === undefined) return
        this.#options.listener.onSignal(slot.name, "SIGTERM", epochMs())
        slot.worker.signal("SIGTERM")
        await this.#seeToItsEnd(slot, slot.worker)
      }),
    )
  }

  killAll(): void {
    for (const { worker } of this.#slots) worker?.signal("SIGKILL")
  }

  /** Nothing is left running. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending = true
    await Promise.all(this.#slots.map(({ filling }) => filling))
    await Promise.all(this.#slots.map(async ({ worker }) => worker?.[Symbol.asyncDispose]()))
  }

  async #fill(slot: Slot): Promise<void> {
    const { config, program, journal, seed, listener } = this.#options
    slot.incarnation++
    const name = (slot.name = `${slot.index}.${slot.incarnation}`)
    slot.isStopped = false
    const worker = await WorkerProcess.start(config(), program).catch((error: unknown) => {
      listener.onStartFailed(name, error)
    })
    if (worker === undefined) return
    slot.worker = worker
    void worker.exited.then((how) => this.#ended(slot, { worker: name, ...how }))
    const itsSeed = seed + slot.index * 100_003 + slot.incarnation
    const renewing = worker.call("keepRenewing", { journal, name, seed: itsSeed, restMs: REST_MS })
    // who is killed before it has begun is told of by its end
    await renewing.catch(() => undefined)
  }

  #ended(slot: Slot, end: WorkerEnd): void {
    slot.worker = undefined
    slot.isStopped = false
    this.#options.listener.onEnd(end)
    if (!this.#ending) slot.filling = this.#fill(slot)
  }

  #continueLater(slot: Slot): void {
    const { incarnation, stoppedMs } = slot
    slot.isStopped = true
    setTimeout(() => {
      if (slot.incarnation === incarnation) this.#continue(slot)
    }, stoppedMs)
  }

  #continue(slot: Slot): void {
    if (!slot.isStopped || slot.worker === undefined) return
    slot.isStopped = false
    this.#options.listener.onSignal(slot.name, "SIGCONT", epochMs())
    slot.worker.signal("SIGCONT")
  }

  /** Who was told to end and has not within so long, stops not counted, is killed: that shows in how it ended. */
  async #seeToItsEnd(slot: Slot, worker: WorkerProcess): Promise<void> {
    const waits = async () => wait(WAIT_MS, "not yet")
    for (let left = LATE_MS; left > 0; left -= slot.isStopped ? 0 : WAIT_MS) {
      if ((await Promise.race([worker.exited, waits()])) !== "not yet") return
    }
    worker.signal("SIGKILL")
    await worker.exited
  }
}
