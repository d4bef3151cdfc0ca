import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as wait } from "node:timers/promises"
import { hashOf } from "evertoken"
import type { JournalEntry } from "../processes/journal.js"
import { WorkerProcess } from "../processes/worker-process.js"
import type { HaltSignal, WorkerConfig } from "../processes/worker-protocol.js"
import { CompiledWorker } from "../processes/compiled-worker.js"
import { Crew, type WorkerEnd } from "./crew.js"
import { epochMs } from "./epoch.js"
import { IssuerFaults } from "./issuer-faults.js"
import { JournalReader } from "./journal-reader.js"
import { ObservedIssuer } from "./observed-issuer.js"
import { Observer } from "./observer.js"
import { scheduleOf, type IssuerFault } from "./schedule.js"
import { SignIns } from "./sign-ins.js"

export interface ChaosOptions {
  /** How many workers are killed by SIGKILL before it ends. */
  readonly kills: number
  readonly workers: number
  readonly seed: number
  /** Whether journal and store are left even if nothing was violated. */
  readonly keep?: boolean
  readonly onProgress?: (counts: ChaosCounts) => void
  /** Called with each violation as it is found. */
  readonly onViolation?: (what: string) => void
}

export interface ChaosCounts {
  readonly kills: number
  readonly stops: number
  readonly terminations: number
  readonly issuerFaults: number
  readonly renewals: number
  readonly signIns: number
  readonly requests: number
  readonly violations: number
}

export interface ChaosResult {
  readonly options: ChaosOptions
  readonly counts: ChaosCounts
  readonly observer: Observer
  readonly durationMs: number
  /** Where journal and store were left. */
  readonly kept: string | undefined
}

const LIFETIME_SECONDS = 2
const TIMES = { requestTimeoutMs: 1_000, claimTimeoutMs: 4_000, maximumBackoffMs: 2_000 }
const TICK_MS = 20
const STALLED_MS = 120_000
const SETTLED_WITHIN_MS = 60_000

/** Runs the schedule of a seed against real processes on one file and a strict issuer. */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const startedAt = epochMs()
  const directory = await mkdtemp(join(tmpdir(), "evertoken-chaos-"))
  await using compiled = await CompiledWorker.make()
  const run = new ChaosRun(options, directory, compiled, await ObservedIssuer.start(LIFETIME_SECONDS))
  const leaveNobody = () => run.killAll()
  process.on("exit", leaveNobody)
  try {
    await run.play()
    await run.settle()
  } finally {
    await run[Symbol.asyncDispose]()
    process.off("exit", leaveNobody)
  }
  const { observer, counts } = run
  const kept = options.keep || observer.violations.length > 0 ? directory : undefined
  if (kept === undefined) await rm(directory, { recursive: true, force: true })
  return { options, counts, observer, durationMs: epochMs() - startedAt, kept }
}

class ChaosRun {
  readonly observer: Observer
  readonly #options: ChaosOptions
  readonly #observed: ObservedIssuer
  readonly #faults: IssuerFaults
  readonly #signIns: SignIns
  readonly #journal: JournalReader
  readonly #file: string
  readonly #crew: Crew
  readonly #compiled: CompiledWorker
  readonly #ends: WorkerEnd[] = []
  readonly #ended = new Set<string>()
  #isOver = false
  #kills = 0
  #stops = 0
  #terminations = 0
  #renewedAt = epochMs()

  constructor(options: ChaosOptions, directory: string, compiled: CompiledWorker, observed: ObservedIssuer) {
    this.#options = options
    this.#observed = observed
    this.#compiled = compiled
    this.#faults = new IssuerFaults(observed.issuer)
    this.#file = join(directory, "token.json")
    const journal = join(directory, "journal.jsonl")
    this.#journal = new JournalReader(journal)
    const wasFaulty = (from: number, to: number) => this.#faults.wereActive(from, to)
    this.observer = new Observer({ wasFaulty, onViolation: options.onViolation })
    this.#signIns = new SignIns(observed.issuer, this.observer)
    this.#crew = new Crew({
      size: options.workers,
      program: compiled.program,
      journal,
      seed: options.seed,
      config: () => this.#config(),
      listener: {
        onSignal: (worker, signal, at) => this.#signalled(worker, signal, at),
        onEnd: (end) => this.#ends.push(end),
        onStartFailed: (worker, error) => this.observer.violated(`${worker} did not start: ${String(error)}`),
      },
    })
  }

  get counts(): ChaosCounts {
    return {
      kills: this.#kills,
      stops: this.#stops,
      terminations: this.#terminations,
      issuerFaults: this.#faults.given,
      renewals: this.observer.renewals,
      signIns: this.#signIns.count,
      requests: this.#observed.issuer.requests.total,
      violations: this.observer.violations.length,
    }
  }

  /** At once: who stands still would outlive this process. */
  killAll(): void {
    this.#crew.killAll()
  }

  async play(): Promise<void> {
    await this.#signIns.first()
    await this.#crew.start()
    const ticking = this.#tickUntilOver()
    for (const { afterMs, act } of scheduleOf(this.#options.seed, this.#options.workers)) {
      await wait(afterMs)
      // a crew of which too few are left proves nothing
      while (this.#crew.active < Math.min(2, this.#options.workers) && !this.#isOver) await wait(TICK_MS)
      if (this.#isOver || this.#kills >= this.#options.kills) break
      if (act.kind === "halt") this.#crew.halt(act)
      else this.#fail(act)
    }
    await this.#faults.end()
    await this.#crew.end()
    this.#isOver = true
    await ticking
    this.#tick()
    this.observer.end()
  }

  /** Whatever happened, a process that comes after gets its token. */
  async settle(): Promise<void> {
    // the last ones to end may have asked for one
    await this.#signIns.ended()
    const until = epochMs() + SETTLED_WITHIN_MS
    await using worker = await WorkerProcess.start(this.#config(), this.#compiled.program)
    for (;;) {
      try {
        await worker.call("getToken")
        await worker.call("renew")
        return
      } catch (error) {
        if (epochMs() > until) {
          this.observer.violated(`no token for who comes after: ${String(error)}`)
          return
        }
        if (isSignedOut(error)) {
          // what the last ones left open is lost by now, and nobody reads the journal any more
          await this.#signIns.anew(this.#signIns.familiesLost)
        }
        await worker.call("configure", this.#config())
        await wait(250)
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true
    await this.#crew[Symbol.asyncDispose]()
    await this.#observed.issuer.close()
    this.#journal.close()
  }

  #config(): WorkerConfig {
    const { issuer } = this.#observed
    const { clientId } = issuer.clients.public
    return { issuer: issuer.url, clientId, refreshToken: this.#signIns.refreshToken, file: this.#file, ...TIMES }
  }

  async #tickUntilOver(): Promise<void> {
    for (let ticks = 0; !this.#isOver; ticks++) {
      this.#tick()
      if (ticks % 50 === 0) await this.#crew.wakeForgotten()
      if (ticks % 50 === 0) this.#options.onProgress?.(this.counts)
      await wait(TICK_MS)
    }
  }

  #tick(): void {
    const ends = this.#ends.splice(0)
    const entries = this.#journal.next()
    const answers = this.#observed.take()
    for (const { answer } of answers) this.#faults.noteAnswer(answer)
    this.observer.observe(entries, answers)
    for (const entry of entries) this.#react(entry)
    for (const end of ends) this.#noteEnd(end)
    if (epochMs() - this.#renewedAt < STALLED_MS || this.#isOver) return
    this.observer.violated(`nothing was renewed for ${STALLED_MS / 1_000} s`)
    this.#isOver = true
  }

  #react(entry: JournalEntry): void {
    if (entry.event === "renewed") this.#renewedAt = epochMs()
    if (entry.event === "halting") {
      if (entry.signal === "SIGSTOP") this.#stops++
      if (entry.signal === "SIGTERM") this.#ended.add(entry.worker)
      this.#crew.hasHalted(entry.worker, entry.signal)
    }
    const isCurrent = "lineage" in entry && entry.lineage === hashOf(this.#signIns.refreshToken)
    if (entry.event === "refused" && entry.code === "ERR_REAUTHENTICATION_REQUIRED" && isCurrent)
      void this.#signInAnew()
  }

  #fail(fault: IssuerFault): void {
    this.observer.recoveries.disturbed()
    this.#faults.begin(fault)
  }

  #signalled(worker: string, signal: HaltSignal | "SIGCONT", at: number): void {
    this.observer.signalled(worker, signal, at)
    if (signal === "SIGSTOP") this.#stops++
    if (signal === "SIGTERM") this.#ended.add(worker)
  }

  #noteEnd({ worker, code, signal }: WorkerEnd): void {
    const killedAt = this.observer.lives.goneAt(worker)
    if (signal === "SIGKILL" && killedAt !== undefined) {
      this.#kills++
      const wasDisturbed = this.#crew.stopped > 0 || this.#faults.wereActive(killedAt, epochMs())
      this.observer.recoveries.killed(worker, killedAt, { wasDisturbed })
    } else if (code === 0 && this.#ended.has(worker)) {
      this.#terminations++
    } else {
      const why =
        signal === "SIGKILL" ? "it had not ended in time" : `signal ${signal ?? "none"}, code ${code ?? "none"}`
      this.observer.violated(`${worker} ended otherwise than it was told to: ${why}`)
    }
  }

  async #signInAnew(): Promise<void> {
    if (await this.#signIns.anew(this.observer.lossesSinceSignIn)) this.#crew.reconfigure()
  }
}

function isSignedOut(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_REAUTHENTICATION_REQUIRED"
}
