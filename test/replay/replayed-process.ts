import { randomUUID } from "node:crypto"
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { CachedTokenSource, onTokenEvent, type Clock, type Token, type TokenEvents } from "evertoken"
import { FileTokenCache } from "evertoken/file"
import { RefreshTokenSource } from "evertoken/oauth2"
import { seededRandom } from "evertoken/testing"
import { ProcessLife } from "../conformance/stage/process-life.js"
import { secretOf } from "../conformance/stage/secret-names.js"
import { gateFiles, type FileOperation } from "./file-gates.js"
import { FIRST, type HeldIssuer, type HeldRequest } from "./held-issuer.js"

/** What was seen of a process: a named step of its renewal, or something that it has done with a file. */
export type Sight =
  | { readonly kind: "step"; readonly step: TokenEvents["step"]["step"] }
  | { readonly kind: "file"; readonly operation: FileOperation; readonly failed: boolean }
  | { readonly kind: "adopted" }

export interface ReplayedProcessOptions {
  readonly name: string
  readonly clock: Clock
  readonly issuer: HeldIssuer
  readonly file: string
  /** The first refresh token, as configured. */
  readonly refreshToken: string
}

const HOURS = 3_600_000
const processes = new Map<ProcessLife, ReplayedProcess>()

/**
 * One process that uses the library on the real file cache, and does with files only what it is let to: one system call
 * after the other. As others see it in the store it is a process of its own, and can be killed and frozen.
 */
export class ReplayedProcess {
  static readonly requestTimeoutMs = 10_000
  readonly name: string
  readonly sights: Sight[] = []
  readonly life: ProcessLife
  readonly source: CachedTokenSource
  /** What it does with files next; undefined: it waits for something else. */
  readonly #waiting: { readonly operation: FileOperation; readonly letPass: () => void }[] = []
  readonly #claims = new Set<string>()
  readonly #thawed = new Map<string, string>()
  isFrozen = false
  readonly #options: ReplayedProcessOptions
  #presentation: string | undefined
  #failing: ((operation: FileOperation) => boolean) | undefined
  #isFree = false
  #calls = 0
  #last: Token | undefined
  #error: unknown

  constructor(options: ReplayedProcessOptions) {
    const { name, clock, issuer, file, refreshToken } = options
    this.name = name
    this.#options = options
    this.life = new ProcessLife(clock)
    processes.set(this.life, this)
    const fetch: typeof globalThis.fetch = (_url, { body, signal } = {}) =>
      issuer.ask({ process: name, how: this.#presentation ?? "untold" }, formIn(body), signal ?? undefined)
    const refreshing = new RefreshTokenSource({
      tokenEndpoint: "https://issuer.test/token",
      clientId: "client",
      clientAuthentication: "none",
      refreshToken,
      // what is to happen at a moment of its own is not to happen behind the replay's back
      refreshLeadMs: 1,
      timeoutMs: ReplayedProcess.requestTimeoutMs,
      clock: this.life.clock,
      fetch,
    })
    this.source = new CachedTokenSource(refreshing, {
      caches: [new FileTokenCache(file, { clock: this.life.clock, pollMs: HOURS })],
      requestTimeoutMs: ReplayedProcess.requestTimeoutMs,
      claimTimeoutMs: 100 * HOURS,
      storeTimeoutMs: 100 * HOURS,
      clock: this.life.clock,
      random: seededRandom(name.length + 1),
    })
  }

  /** Gates and steps of all of them, until the function returned is called. */
  static follow(): () => void {
    const current = () => ProcessLife.current && processes.get(ProcessLife.current)
    const stops = [
      gateFiles(() => {
        const process = current()
        return process && ((operation, action) => process.#pass(operation, action))
      }),
      onTokenEvent("step", (event) => current()?.noteStep(event)),
      onTokenEvent("adopted", () => current()?.sights.push({ kind: "adopted" })),
    ]
    return () => {
      for (const stop of stops) stop()
      processes.clear()
    }
  }

  get next(): FileOperation | undefined {
    return this.life.isDead ? undefined : this.#waiting[0]?.operation
  }

  /** What it waits for an answer to. */
  get request(): HeldRequest | undefined {
    return this.#options.issuer.requests.findLast(({ process, isOver }) => process === this.name && !isOver)
  }

  get isCalled(): boolean {
    return this.#calls > 0
  }

  /** Whether it is configured with another refresh token than the one that all began with. */
  get isNewLineage(): boolean {
    return this.#options.refreshToken !== secretOf(FIRST)
  }

  /** What its last call failed with; undefined: it did not. */
  get error(): unknown {
    return this.#error
  }

  /** Whether it has a claim in the store. */
  get hasClaim(): boolean {
    return this.#claims.size > 0
  }

  /** It asks for a token: any at first, then a newer one than the last it got. */
  call(): Promise<void> {
    this.#calls++
    const newerThan = this.#last
    return this.life.run(async () => {
      try {
        this.#last = await this.source.getToken({ newerThan })
        this.#error = undefined
      } catch (error) {
        this.#error = error
      }
      this.#calls--
    })
  }

  signOut(): void {
    void this.life.run(() => this.source.signOut())
  }

  /** What it waits to do with a file is done. */
  letPass(): void {
    this.#waiting.shift()?.letPass()
  }

  /** Nothing holds it up any more. */
  free(): void {
    this.#isFree = true
    while (this.#waiting.length > 0) this.letPass()
  }

  hold(): void {
    this.#isFree = false
  }

  /** What it next does that `accepts` is about fails: the disk is full. */
  failOnce(accepts: (operation: FileOperation) => boolean): void {
    this.#failing = accepts
  }

  /** As by SIGKILL. */
  async kill(): Promise<void> {
    this.life.kill()
    if (this.request !== undefined) this.request.isOver = true
    // as every other process finds it: no such process
    await this.#rewriteClaims((owner) => ({ ...owner, instance: randomUUID(), pid: 2 ** 31 - 1 }))
  }

  /** It stands still, in a place where others can only see whether its heart beats. */
  async freeze(): Promise<void> {
    this.isFrozen = true
    this.life.freeze()
    for (const path of this.#claims) this.#thawed.set(path, await readFile(path, "utf8"))
    await this.#rewriteClaims((owner) => ({ ...owner, instance: randomUUID(), local: undefined }))
  }

  async thaw(): Promise<void> {
    for (const [path, content] of this.#thawed) if (this.#claims.has(path)) await writeFile(path, content)
    this.#thawed.clear()
    this.isFrozen = false
    this.life.thaw()
  }

  /** It has reached a step. */
  noteStep({ step, presentation }: TokenEvents["step"]): void {
    if (step === "sending") this.#presentation = presentation
    this.sights.push({ kind: "step", step })
  }

  async #pass(operation: FileOperation, action: () => Promise<unknown>): Promise<unknown> {
    if (!this.#isFree || this.life.isDead) {
      await new Promise<void>((resolve) => this.#waiting.push({ operation, letPass: resolve }))
    }
    let failed = true
    try {
      if (this.#failing?.(operation)) {
        this.#failing = undefined
        throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" })
      }
      const result = await action()
      failed = false
      return result
    } finally {
      this.sights.push({ kind: "file", operation, failed })
      this.#noteClaim(operation, failed)
    }
  }

  #noteClaim({ name, file }: FileOperation, failed: boolean): void {
    if (failed || !/^claim-[^.]+\.\d+$/.test(file)) return
    const path = join(`${this.#options.file}.d`, file)
    if (name === "link") this.#claims.add(path)
    if (name === "unlink") for (const each of processes.values()) each.#claims.delete(path)
  }

  async #rewriteClaims(change: (owner: object) => object): Promise<void> {
    for (const path of this.#claims) {
      const owner = JSON.parse(await readFile(path, "utf8")) as object
      await writeFile(path, JSON.stringify(change(owner)))
    }
  }
}

function formIn(body: unknown): URLSearchParams {
  return new URLSearchParams(typeof body === "string" ? body : "")
}
