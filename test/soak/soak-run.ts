import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as wait } from "node:timers/promises"
import type { Random } from "evertoken"
import { seededRandom } from "evertoken/testing"
import { between } from "../chaos/choice.js"
import { IssuerFaults } from "../chaos/issuer-faults.js"
import { drawIssuerFault } from "../chaos/schedule.js"
import type { SharedServer } from "../fleet/shared-servers.js"
import { STORE_NAME } from "../fleet/store-name.js"
import { RealIssuer } from "../issuer/real-issuer.js"
import { coursesOf, rangeText, type Course } from "./flatness.js"
import type { Sample } from "./sample.js"
import type { LoadCounts, SubjectConfig } from "./subject-protocol.js"
import { SubjectProcess } from "./subject-process.js"
import { REUSE_LEEWAY_MS } from "./watched.js"

export interface SoakOptions {
  /** For how long, in milliseconds, but for 10 rounds at least; the last round is played to its end. */
  readonly forMs: number
  /** How long a round of load is, in milliseconds; each is followed by a sample. */
  readonly roundMs: number
  readonly seed: number
  /** A server behind the files; what is started for it is ended. Default: none. */
  readonly startServer?: (() => Promise<SharedServer>) | undefined
  readonly onProgress?: (progress: { readonly rounds: number; readonly elapsedMs: number }) => void
}

/** What became of one process. */
export interface SubjectReport {
  readonly courses: readonly Course[]
  readonly counts: LoadCounts
  /** What it held on to after everything was closed, and had not held before anything was started. */
  readonly leftBehind: readonly string[]
  readonly endedByItself: boolean
}

export interface SoakResult {
  readonly options: SoakOptions
  readonly rounds: number
  readonly durationMs: number
  readonly issuerFaults: number
  readonly requests: number
  readonly subjects: readonly SubjectReport[]
  /** What is not as it should be. */
  readonly objections: readonly string[]
}

/** Fewer samples tell nothing. */
const LEAST_ROUNDS = 10
const SUBJECTS = 2
const LEASE_MS = 2_000
const LIFETIME_SECONDS = 2
// while samples are taken nothing is to become due
const LIFETIME_AT_REST_SECONDS = 3_600

/** Two processes use watchers over the same files, in rounds, while the issuer fails now and then. */
export async function runSoak(options: SoakOptions): Promise<SoakResult> {
  const startedAt = performance.now()
  const directory = await mkdtemp(join(tmpdir(), "evertoken-soak-"))
  try {
    await using server = (await options.startServer?.()) ?? null
    await using soak = await Soak.start(options, directory, server)
    const rounds = await soak.play(startedAt)
    const subjects = await soak.end()
    const { issuerFaults, requests } = soak
    const objections = subjects.flatMap((subject, index) =>
      objectionsTo(subject).map((each) => `process ${index}: ${each}`),
    )
    return { options, rounds, durationMs: performance.now() - startedAt, issuerFaults, requests, subjects, objections }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

interface Subject {
  readonly process: SubjectProcess
  readonly before: Sample
  readonly samples: Sample[]
  counts: LoadCounts
}

class Soak {
  readonly #options: SoakOptions
  readonly #issuer: RealIssuer
  readonly #faults: IssuerFaults
  readonly #random: Random
  readonly #subjects: readonly Subject[]

  private constructor(options: SoakOptions, issuer: RealIssuer, faults: IssuerFaults, subjects: readonly Subject[]) {
    this.#options = options
    this.#issuer = issuer
    this.#faults = faults
    this.#random = seededRandom(options.seed)
    this.#subjects = subjects
  }

  static async start(options: SoakOptions, directory: string, server: SharedServer | null): Promise<Soak> {
    const noted: { faults?: IssuerFaults } = {}
    const issuer = await RealIssuer.start({
      lifetimeSeconds: LIFETIME_SECONDS,
      reuseLeewayMs: REUSE_LEEWAY_MS,
      onTokenAnswer: (answer) => noted.faults?.noteAnswer(answer),
    })
    const faults = (noted.faults = new IssuerFaults(issuer))
    const { basic } = issuer.clients
    const config: SubjectConfig = {
      issuer: issuer.url,
      ...basic,
      publicClientId: issuer.clients.public.clientId,
      refreshTokens: [await issuer.issueRefreshToken(), await issuer.issueRefreshToken()],
      directory,
      shared: server ? { kind: server.kind, port: server.port, name: STORE_NAME, leaseMs: LEASE_MS } : undefined,
      seed: options.seed,
    }
    const processes = Array.from({ length: SUBJECTS }, () => new SubjectProcess())
    try {
      const started = processes.map((process, index) =>
        startSubject(process, { ...config, seed: options.seed + index }),
      )
      return new Soak(options, issuer, faults, await Promise.all(started))
    } catch (error) {
      await Promise.all(processes.map((process) => process[Symbol.asyncDispose]()))
      await issuer.close()
      throw error
    }
  }

  get issuerFaults(): number {
    return this.#faults.given
  }
  get requests(): number {
    return this.#issuer.requests.total
  }

  async play(startedAt: number): Promise<number> {
    let rounds = 0
    const playUntil = async (isEnough: () => boolean) => {
      while (!isEnough()) {
        await this.#round()
        rounds++
        this.#options.onProgress?.({ rounds, elapsedMs: performance.now() - startedAt })
      }
    }
    await playUntil(() => rounds >= LEAST_ROUNDS && performance.now() - startedAt >= this.#options.forMs)
    // a leak goes on growing; what only varies does not
    const doubled = 2 * rounds
    if (!this.#isFlat) await playUntil(() => rounds >= doubled)
    return rounds
  }

  async end(): Promise<readonly SubjectReport[]> {
    return Promise.all(this.#subjects.map(reportOf))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#subjects.map(({ process }) => process[Symbol.asyncDispose]()))
    await this.#issuer.close()
  }

  get #isFlat(): boolean {
    return this.#subjects.every(({ samples }) => coursesOf(samples).every((course) => course.isFlat))
  }

  async #round(): Promise<void> {
    const { roundMs } = this.#options
    const failing = this.#failUntil(performance.now() + roundMs)
    const loads = this.#subjects.map(async (subject) => (subject.counts = await subject.process.ask("load", roundMs)))
    await Promise.all([...loads, failing])
    await this.#faults.end()
    this.#issuer.lifetimeSeconds = LIFETIME_AT_REST_SECONDS
    await Promise.all(this.#subjects.map(async ({ process, samples }) => samples.push(await process.ask("sample"))))
    this.#issuer.lifetimeSeconds = LIFETIME_SECONDS
  }

  async #failUntil(end: number): Promise<void> {
    for (;;) {
      await wait(between(this.#random, 100, Math.min(1_500, this.#options.roundMs)))
      if (performance.now() >= end) return
      this.#faults.begin(drawIssuerFault(this.#random))
    }
  }
}

async function startSubject(process: SubjectProcess, config: SubjectConfig): Promise<Subject> {
  // one life before it counts: what a first use leaves (code, connections, names) is no leak
  await process.ask("start", config)
  const counts = await process.ask("load", 500)
  await process.ask("close")
  const before = await process.ask("sample")
  await process.ask("start", config)
  return { process, before, samples: [], counts }
}

async function reportOf({ process, before, samples, counts }: Subject): Promise<SubjectReport> {
  await process.ask("close")
  const leftBehind = differences(before, await process.ask("sample"))
  return { courses: coursesOf(samples), counts, leftBehind, endedByItself: await process.endsByItself() }
}

function differences(before: Sample, after: Sample): readonly string[] {
  const types = new Set([...Object.keys(before.resources), ...Object.keys(after.resources)])
  const more = [...types].flatMap((type) => {
    const [had, has] = [before.resources[type] ?? 0, after.resources[type] ?? 0]
    return has > had ? [`${has - had} of ${type}`] : []
  })
  const others = [
    ["timers of the library", after.timers - before.timers],
    ["watched directories", after.watches - before.watches],
    ["file descriptors", after.fileDescriptors - before.fileDescriptors],
  ] as const
  return [...more, ...others.flatMap(([name, count]) => (count > 0 ? [`${count} ${name}`] : []))]
}

function objectionsTo({ courses, counts, leftBehind, endedByItself }: SubjectReport): readonly string[] {
  const growing = courses.filter(({ isFlat }) => !isFlat)
  return [
    ...growing.map(({ name, first, last }) => `${name} grew from ${rangeText(first)} to ${rangeText(last)}`),
    ...leftBehind.map((what) => `${what} left behind when everything was closed`),
    ...[...new Set(counts.unexpected)].map((what) => `a caller was told: ${what}`),
    ...(endedByItself ? [] : ["it did not end by itself"]),
  ]
}
