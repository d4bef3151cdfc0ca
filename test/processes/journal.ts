import { openSync, writeSync } from "node:fs"
import { hashOf, onTokenEvent, type RenewalStep, type Token, type TokenEvents } from "evertoken"
import type { HaltSignal } from "./worker-protocol.js"

/** What a worker writes down, in the order in which it happens. No secret. */
export type JournalEvent =
  | { readonly event: "started"; readonly pid: number }
  | {
      readonly event: "step"
      readonly step: RenewalStep
      readonly what: string | undefined
      readonly n: number | undefined
      readonly presentation: TokenEvents["step"]["presentation"]
      /** With `sending`: what the request calls itself, in its header `x-request-id`. */
      readonly request: string | undefined
    }
  /** An attempt to renew failed. */
  | { readonly event: "failed"; readonly code: string; readonly transient: boolean }
  | { readonly event: "renewed"; readonly generation: number }
  /** It was given a token that it had not seen before. */
  | { readonly event: "token"; readonly generation: number; readonly hash: string }
  /** It asked for a token and got an error. */
  | { readonly event: "refused"; readonly code: string; readonly lineage: string }
  /** It is about to send itself this signal. */
  | { readonly event: "halting"; readonly signal: HaltSignal; readonly step: RenewalStep }
  | { readonly event: "closing" }
  | { readonly event: "closed" }

export type JournalEntry = {
  /** Epoch milliseconds, with fractions. */
  readonly at: number
  readonly worker: string
} & JournalEvent

/**
 * The book that several processes keep in one file. Each entry is written at once, by one system call: it outlives the
 * process however that ends, and the order of the file is the order of what happened.
 */
export class Journal {
  readonly #file: number
  readonly #worker: string
  #requests = 0

  constructor(path: string, worker: string) {
    this.#file = openSync(path, "a", 0o600)
    this.#worker = worker
    onTokenEvent("renewal-failed", ({ code, transient }) => this.write({ event: "failed", code, transient }))
    onTokenEvent("renewed", ({ generation }) => this.write({ event: "renewed", generation }))
  }

  /** The name of the request that is sent last. */
  get request(): string {
    return `${this.#worker}#${this.#requests}`
  }

  /** Each step but the looks: there are too many. */
  step({ step, what, n, presentation }: TokenEvents["step"]): void {
    if (step === "looked") return
    if (step === "sending") this.#requests++
    const request = step === "sending" ? this.request : undefined
    this.write({ event: "step", step, what, n, presentation, request })
  }

  token(token: Token): void {
    this.write({ event: "token", generation: token.version?.generation ?? 0, hash: hashOf(token.accessToken) })
  }

  write(event: JournalEvent): void {
    const entry: JournalEntry = { at: performance.timeOrigin + performance.now(), worker: this.#worker, ...event }
    writeSync(this.#file, `${JSON.stringify(entry)}\n`)
  }
}
