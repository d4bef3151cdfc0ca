import { setTimeout as wait } from "node:timers/promises"
import { seededRandom } from "evertoken/testing"
import { RealIssuer } from "../issuer/real-issuer.js"
import type { TokenAnswer } from "../issuer/token-requests.js"
import { ServerPlace, ServerProcess } from "./server-process.js"

export interface ServerChaosOptions {
  /** Ends after so many. */
  readonly restarts: number
  /** How many servers are restarted, each with an issuer of its own, at a time. */
  readonly servers: number
  readonly seed: number
  readonly onProgress?: (counts: ServerChaosCounts) => void
}

export interface ServerChaosCounts {
  /** By SIGKILL. */
  killed: number
  /** By SIGINT or SIGTERM, in order. */
  ended: number
  /** By SIGINT or SIGTERM before it had begun to listen to signals: that is as by SIGKILL. */
  endedWhileStarting: number
  /** Of all of them, while a renewal was under way at the issuer or on its way back. */
  inRenewal: number
  /** Refresh tokens that the issuer has rotated. */
  rotations: number
  /** Tokens handed out, each one that the issuer takes. */
  handedOut: number
  /** The owner was killed after the issuer had rotated, before the answer was written. */
  windows: number
  /** Families that the issuer revoked, each after such a window. */
  familiesRevoked: number
  signIns: number
}

export interface ServerChaosResult {
  readonly options: ServerChaosOptions
  readonly counts: ServerChaosCounts
  readonly violations: readonly string[]
  /** How long before the kill the issuer had rotated, where the answer was lost, in milliseconds. */
  readonly windowsMs: readonly number[]
  readonly durationMs: number
}

const NAME = "app"
const SHORT_LIFETIME_S = 4
const READY_WITHIN_MS = 120_000
const PERSON_NEEDED_WITHIN_MS = 60_000

/** Restarts token servers at random moments, against issuers that revoke a family when a spent refresh token comes again. */
export async function runServerChaos(options: ServerChaosOptions): Promise<ServerChaosResult> {
  const startedAt = Date.now()
  const run: Run = {
    options,
    left: options.restarts,
    violations: [],
    windowsMs: [],
    counts: {
      ...{ killed: 0, ended: 0, endedWhileStarting: 0, inRenewal: 0, rotations: 0 },
      ...{ handedOut: 0, windows: 0, familiesRevoked: 0, signIns: 0 },
    },
  }
  const lanes = Array.from({ length: options.servers }, (_, index) => runLane(run, options.seed + index))
  await Promise.all(lanes)
  const { counts, violations, windowsMs } = run
  return { options, counts, violations, windowsMs, durationMs: Date.now() - startedAt }
}

interface Run {
  readonly options: ServerChaosOptions
  readonly counts: ServerChaosCounts
  readonly violations: string[]
  readonly windowsMs: number[]
  left: number
}

async function runLane(run: Run, seed: number): Promise<void> {
  await using lane = await Lane.open(run, seed)
  while (run.left > 0) {
    run.left -= 1
    await lane.restart()
    run.options.onProgress?.(run.counts)
  }
  await lane.end()
}

/** One server, life after life, its issuer, and what is known of the refresh tokens between them. */
class Lane implements AsyncDisposable {
  readonly #run: Run
  readonly #random: () => number
  readonly #issuer: RealIssuer
  readonly #place: ServerPlace
  readonly #book: Book
  #server: ServerProcess
  #startedAt = Date.now()

  private constructor(run: Run, seed: number, issuer: RealIssuer, place: ServerPlace, book: Book) {
    this.#run = run
    this.#random = seededRandom(seed)
    this.#issuer = issuer
    this.#place = place
    this.#book = book
    this.#server = new ServerProcess(place)
  }

  static async open(run: Run, seed: number): Promise<Lane> {
    const book = new Book()
    const issuer = await RealIssuer.start({
      lifetimeSeconds: SHORT_LIFETIME_S,
      onTokenRequest: () => void (book.underWay += 1),
      onTokenAnswer: (answer) => book.note(answer),
    })
    const { clientId } = issuer.clients.public
    const client = { id: clientId, authentication: "none" }
    const app = { grant: "refresh_token", issuer: issuer.url, client, policy: { requestTimeout: "5s" } }
    const place = await ServerPlace.make({ tokens: { [NAME]: app }, log: { level: "error" } })
    const lane = new Lane(run, seed, issuer, place, book)
    await lane.#server.ready
    await lane.#signIn()
    return lane
  }

  /** The server of now, used for a while, ended somehow, judged, and the next one begun. */
  async restart(): Promise<void> {
    const signal = this.#random() < 0.5 ? "SIGKILL" : this.#random() < 0.5 ? "SIGINT" : "SIGTERM"
    const untilMs = this.#random() * 1_000
    const isDuringStart = this.#random() < 0.2
    if (isDuringStart) await wait(untilMs)
    else {
      await this.#readied()
      await this.live(() => wait(untilMs))
    }
    await this.#kill(signal)
    this.#startedAt = Date.now()
    this.#server = new ServerProcess(this.#place)
    await this.#afterwards()
  }

  /** Clients refresh and ask until `what` is over, and leave with what they asked still under way. */
  async live(what: () => Promise<unknown>): Promise<void> {
    const over = new AbortController()
    const clients = [this.#refreshing(over.signal), this.#asking(over.signal)]
    // the issuer is not always as fast
    this.#issuer.slowDown(this.#random() < 0.5 ? 0 : this.#random() * 60)
    await what()
    over.abort()
    void Promise.all(clients)
  }

  async end(): Promise<void> {
    await this.#readied()
    await this.#kill("SIGTERM", { counted: false })
    this.#run.counts.rotations += this.#book.rotations
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server[Symbol.dispose]()
    await this.#issuer.close()
    await this.#place[Symbol.asyncDispose]()
  }

  async #refreshing(over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      await this.#place.ask("POST", `/tokens/${NAME}/refresh`).catch(() => undefined)
      await wait(this.#random() * 120)
    }
  }

  async #asking(over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      const answer = await this.#place.ask("GET", `/tokens/${NAME}`).catch(() => undefined)
      if (answer?.status === 200) {
        this.#run.counts.handedOut += 1
        const { expiresAt } = answer.body as { readonly expiresAt: number }
        if (expiresAt <= Date.now() - 1_000) this.#violated("a token was handed out that was over")
      }
      await wait(this.#random() * 60)
    }
  }

  async #readied(): Promise<void> {
    const ready = this.#server.ready.then(() => true)
    if (await Promise.race([ready, wait(READY_WITHIN_MS, false, { ref: false })])) return
    throw new Error(`the server did not start: ${this.#server.output}`)
  }

  async #kill(signal: NodeJS.Signals, { counted = true } = {}): Promise<void> {
    const { counts } = this.#run
    const isInRenewal = this.#book.underWay > 0
    const at = Date.now()
    this.#server.kill(signal)
    const exit = await this.#server.exit
    const isOrderly = exit.code === 0
    if (signal !== "SIGKILL" && !isOrderly && exit.signal === null) {
      this.#violated(`${signal} was followed by exit code ${exit.code}: ${this.#server.output}`)
    }
    // what was sent is processed, whoever is there for the answer
    while (this.#book.underWay > 0) await wait(5)
    if (counted) {
      counts[signal === "SIGKILL" ? "killed" : isOrderly ? "ended" : "endedWhileStarting"] += 1
      if (isInRenewal) counts.inRenewal += 1
    }
    await this.#judge({ isOrderly, at })
  }

  /** What is on disk is what the issuer takes; or the process died in the window. */
  async #judge({ isOrderly, at }: { readonly isOrderly: boolean; readonly at: number }): Promise<void> {
    const onDisk = await this.#place.refreshTokenOnDisk(NAME)
    if (onDisk === undefined) return void this.#violated("there is no refresh token on disk")
    const spentAt = this.#book.spentAt.get(onDisk)
    if (spentAt === undefined || this.#book.lost.has(onDisk)) return
    if (isOrderly) return void this.#violated("it ended in order, and what is on disk is spent")
    if (spentAt < this.#startedAt)
      return void this.#violated("what is on disk was spent by an earlier life, which had ended well")
    this.#book.lost.add(onDisk)
    this.#run.counts.windows += 1
    this.#run.windowsMs.push(Math.max(0, at - spentAt))
  }

  /** A family that was lost in the window is signed in again: at once, or once the server says that a person is needed. */
  async #afterwards(): Promise<void> {
    const isLost = this.#book.lost.has((await this.#place.refreshTokenOnDisk(NAME)) ?? "")
    if (isLost) {
      await this.#readied()
      if (this.#random() < 0.25) await this.#personNeeded()
      await this.#signIn()
    }
    this.#reckon()
  }

  async #personNeeded(): Promise<void> {
    const until = Date.now() + PERSON_NEEDED_WITHIN_MS
    while (Date.now() < until) {
      const { body } = await this.#place.ask("GET", `/tokens/${NAME}/status`)
      if ((body as { readonly status: string }).status === "reauthentication-required") return
      await this.#place.ask("POST", `/tokens/${NAME}/refresh`)
      await wait(100)
    }
    this.#violated("the grant is lost, and the server does not say that a person is needed")
  }

  async #signIn(): Promise<void> {
    const refreshToken = await this.#issuer.issueRefreshToken()
    const { status } = await this.#place.ask("PUT", `/tokens/${NAME}`, { refreshToken })
    if (status !== 200) this.#violated(`new tokens were refused: ${status}`)
    this.#run.counts.signIns += 1
  }

  #reckon(): void {
    const { reuses } = this.#book
    for (const hash of reuses.splice(0)) {
      if (!this.#book.lost.has(hash)) this.#violated("a spent refresh token was presented again without need")
    }
    const revoked = this.#issuer.revokedFamilies - this.#book.revoked
    this.#book.revoked += revoked
    this.#run.counts.familiesRevoked += revoked
    if (this.#book.revoked > this.#book.lost.size)
      this.#violated("more families were revoked than were lost in the window")
  }

  #violated(what: string): void {
    this.#run.violations.push(what)
  }
}

/** What the issuer knows. Refresh tokens by the first 16 hex digits of their SHA-256. */
class Book {
  underWay = 0
  rotations = 0
  revoked = 0
  readonly spentAt = new Map<string, number>()
  /** Spent by a process that was killed before it had written the answer. */
  readonly lost = new Set<string>()
  readonly reuses: string[] = []

  note({ presentation, status, spentAt }: TokenAnswer): void {
    this.underWay -= 1
    if (presentation === undefined) return
    if (presentation.use === "reuse") this.reuses.push(presentation.hash)
    else if (status === 200) this.rotations += 1
    if (spentAt !== undefined) this.spentAt.set(presentation.hash, spentAt)
  }
}
