import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setImmediate as turn } from "node:timers/promises"
import type { StoredToken } from "evertoken"
import { FileTokenCache } from "evertoken/file"
import { VirtualClock } from "evertoken/testing"
import { secretOf } from "../conformance/stage/secret-names.js"
import { fileStore } from "../conformance/stores/file-store.js"
import { FIRST, HeldIssuer, type HeldRequest } from "./held-issuer.js"
import type { Milestone } from "./milestones.js"
import { ReplayedProcess } from "./replayed-process.js"
import { Rewriter } from "./rewriter.js"

const MOST_OPERATIONS = 3_000
// pauses between looks, the slices in which standing still is measured, and half of a token's life before a last try
const HALF_OF_A_LIFE_MS = 1_250_000
const WAITS_MS = [50, 50, 50, ...Array<number>(14).fill(1_000), HALF_OF_A_LIFE_MS, HALF_OF_A_LIFE_MS]

export interface ReplayOptions {
  /** What the issuer does about a spent refresh token, besides refusing it. */
  readonly reuse: "revokes" | "refuses"
}

/** Real processes' doings on one real store, in the order that somebody else says. */
export class Replay {
  readonly clock = new VirtualClock({ now: Date.now(), settle: () => fileStore.settle() })
  readonly issuer: HeldIssuer
  readonly processes = new Map<string, ReplayedProcess>()
  #rewriter: Rewriter | undefined
  /** Every record that the store was seen to hold. */
  readonly records: (StoredToken | undefined)[] = []
  readonly #directory: string
  readonly #file: string
  readonly #unfollow: () => void
  readonly #seen = new Map<ReplayedProcess, number>()
  /** What the store held is no promise any more, and nobody has put anything back yet. */
  #isLost = false

  private constructor(directory: string, options: ReplayOptions) {
    this.issuer = new HeldIssuer(this.clock, options)
    this.#directory = directory
    this.#file = join(directory, "token.json")
    this.#unfollow = ReplayedProcess.follow()
  }

  /** Two processes that have the same token. */
  static async begin(options: ReplayOptions): Promise<Replay> {
    const replay = new Replay(await mkdtemp(join(tmpdir(), "evertoken-replay-")), options)
    const refreshToken = replay.issuer.grants.signIn()
    replay.issuer.isFree = true
    for (const name of ["P1", "P2"]) await replay.#settled(replay.start(name, refreshToken))
    for (const process of replay.processes.values()) process.sights.length = 0
    replay.issuer.isFree = false
    replay.issuer.requests.length = 0
    await replay.note()
    return replay
  }

  /** A process with nothing in memory. Without a refresh token of its own: the one that all began with. */
  start(name: string, refreshToken = secretOf(FIRST)): ReplayedProcess {
    const { clock, issuer } = this
    const process = new ReplayedProcess({ name, clock, issuer, file: this.#file, refreshToken })
    this.processes.set(name, process)
    return process
  }

  get(name: string): ReplayedProcess {
    return this.processes.get(name) ?? this.start(name)
  }

  get rewriter(): Rewriter {
    return (this.#rewriter ??= new Rewriter(this.#file, this.get("P1").source.key))
  }

  /** Notes what is in the store, past all processes. */
  async note(): Promise<void> {
    const [process] = this.processes.values()
    if (process === undefined) return
    const record = await new FileTokenCache(this.#file).get(process.source.key)
    if (record === undefined && this.#isLost) return
    this.#isLost = false
    this.records.push(record)
  }

  /** Has it go on until it is there. @returns false if it does not come there, whatever time passes. */
  async reach(process: ReplayedProcess, { isIt, goesOnWith = () => false }: Milestone): Promise<boolean> {
    const waits = [...WAITS_MS]
    for (let operations = 0; operations < MOST_OPERATIONS; operations++) {
      const from = this.#seen.get(process) ?? 0
      const index = process.sights.slice(from).findIndex(isIt)
      const isOver = process.next === undefined || !goesOnWith(process.next)
      if (index >= 0 && isOver) {
        this.#seen.set(process, from + index + 1)
        return true
      }
      if (process.next !== undefined) process.letPass()
      else if (process.request !== undefined || !(await this.#wait(process, waits))) return false
      await fileStore.settle()
    }
    throw new Error(`${process.name} does not come to rest`)
  }

  /** Waits until what it is about to send has been sent. */
  async sent(process: ReplayedProcess): Promise<HeldRequest | undefined> {
    while (process.isCalled && process.next === undefined && process.request === undefined) await turn()
    return process.request
  }

  /** The store loses all it has, and the claims with it. */
  async loseStore(): Promise<void> {
    this.#isLost = true
    this.records.length = 0
    await rm(this.#file, { force: true })
    await rm(`${this.#file}.d`, { recursive: true, force: true })
  }

  /** Time passes until it does something again. @returns whether it does. */
  async wake(process: ReplayedProcess): Promise<boolean> {
    for (let seconds = 0; seconds < 120 && process.next === undefined; seconds++) await this.clock.advance(1_000)
    return process.next !== undefined
  }

  /** Everybody who lives goes on, and another one comes. @returns what that one gets: `renews`, or an error's code. */
  async settle(): Promise<string> {
    this.issuer.isFree = true
    for (const process of this.processes.values()) {
      const { request } = process
      if (process.life.isDead) continue
      if (process.isFrozen) await process.thaw()
      if (request?.response === undefined && request !== undefined) this.issuer.process(request)
      request?.deliver()
    }
    await this.#goOn(2)
    const newcomer = this.start("newcomer")
    await this.#settled(newcomer)
    if (newcomer.error === undefined) await this.#settled(newcomer)
    await this.note()
    if (newcomer.isCalled) return "waits"
    return newcomer.error === undefined ? "renews" : codeOf(newcomer.error)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { life, source } of this.processes.values()) if (!life.isDead) void life.run(() => source.close())
    await this.#goOn(10)
    this.#unfollow()
    await rm(this.#directory, { recursive: true, force: true })
  }

  async #settled(process: ReplayedProcess): Promise<void> {
    void process.call()
    await this.#goOn(1)
    for (let rounds = 0; rounds < 12 && process.isCalled; rounds++) {
      // who waits for a last try need not look all the time
      await this.clock.advance(HALF_OF_A_LIFE_MS / 2)
      await this.#goOn(1)
    }
  }

  /** Nothing holds anybody up for so many seconds. */
  async #goOn(seconds: number): Promise<void> {
    const living = [...this.processes.values()].filter(({ life }) => !life.isDead)
    for (const process of living) process.free()
    await this.clock.advance(seconds * 1_000)
    for (const process of living) process.hold()
  }

  async #wait(process: ReplayedProcess, waits: number[]): Promise<boolean> {
    const ms = waits.shift()
    // it would wait as long as the other one lives
    const isInVain = [...this.processes.values()].some(
      (other) => other !== process && !other.life.isDead && !other.isFrozen && other.hasClaim,
    )
    if (ms === undefined || (ms === HALF_OF_A_LIFE_MS && (isInVain || !process.isCalled))) return false
    await this.clock.advance(ms)
    return true
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error)
}
