import { fork, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import type { Assignment, Instruction, ProcessReport } from "./messages.js"
import type { Member } from "./scene.js"

type Counts = Pick<ProcessReport, "reads" | "failedReads" | "renewals" | "adoptions">

interface Slot {
  readonly number: number
  child: ChildProcess | undefined
  life: Member["life"]
  report: ProcessReport | undefined
}

export interface FleetListener {
  onReport(): void
  /** A process has ended though nobody told it to. */
  onCrash(error: Error): void
}

const APPLICATION = fileURLToPath(new URL("application.ts", import.meta.url))

/** The processes that share a token. */
export class Fleet {
  readonly #assignment: Assignment
  readonly #slots: Slot[]
  readonly #past: Counts = { reads: 0, failedReads: 0, renewals: 0, adoptions: 0 }
  readonly #listener: FleetListener
  #isEnding = false

  constructor(size: number, assignment: Assignment, listener: FleetListener) {
    this.#assignment = assignment
    this.#listener = listener
    this.#slots = Array.from({ length: size }, (_, index) => ({
      number: index + 1,
      child: undefined,
      life: "starting",
      report: undefined,
    }))
  }

  get members(): readonly Member[] {
    return this.#slots
  }

  /** Of all processes, those that are gone included. */
  get counts(): Counts {
    return this.#slots.reduce((sum, { report }) => (report ? added(sum, report) : sum), this.#past)
  }

  startAll(): void {
    for (const { number } of this.#slots) this.start(number)
  }

  start(number: number): void {
    const slot = this.#slot(number)
    const execArgv = ["--import", import.meta.resolve("tsx")]
    const child = fork(APPLICATION, { execArgv, stdio: ["ignore", "ignore", "pipe", "ipc"] })
    Object.assign(slot, { child, life: "starting" })
    child.on("message", (report: ProcessReport) => {
      Object.assign(slot, { report, life: "running" })
      this.#listener.onReport()
    })
    let lastWords = ""
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (lastWords += text))
    child.once("close", (code: number | null) => {
      if (code !== null && !this.#isEnding) {
        this.#listener.onCrash(new Error(`process ${number} ended with ${code}: ${lastWords}`))
      }
    })
    child.once("exit", () => this.#gone(slot))
    child.send({ start: this.#assignment } satisfies Instruction)
  }

  /** SIGKILL: no chance to tidy up. */
  async kill(number: number): Promise<void> {
    const { child } = this.#slot(number)
    if (!child) return
    const exited = once(child, "exit")
    child.kill("SIGKILL")
    await exited
  }

  /** Lets every process end in its own way, and kills those that do not within the time. */
  async close({ timeoutMs }: { readonly timeoutMs: number }): Promise<void> {
    this.#isEnding = true
    const children = this.#slots.flatMap(({ child }) => child ?? [])
    const exits = children.map((child) => once(child, "exit"))
    for (const child of children) if (child.connected) child.send("close" satisfies Instruction)
    const late = setTimeout(() => this.killAll(), timeoutMs)
    await Promise.all(exits)
    clearTimeout(late)
  }

  /** At once and for good: safe in an exit handler. */
  killAll(): void {
    this.#isEnding = true
    for (const { child } of this.#slots) child?.kill("SIGKILL")
  }

  #gone(slot: Slot): void {
    if (slot.report) Object.assign(this.#past, added(this.#past, slot.report))
    Object.assign(slot, { child: undefined, life: "killed", report: undefined })
    if (!this.#isEnding) this.#listener.onReport()
  }

  #slot(number: number): Slot {
    const slot = this.#slots[number - 1]
    if (!slot) throw new RangeError(`there is no process ${number}`)
    return slot
  }
}

function added(a: Counts, b: Counts): Counts {
  return {
    reads: a.reads + b.reads,
    failedReads: a.failedReads + b.failedReads,
    renewals: a.renewals + b.renewals,
    adoptions: a.adoptions + b.adoptions,
  }
}
