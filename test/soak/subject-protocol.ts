import type { SharedStoreConfig } from "../processes/worker-protocol.js"
import type { Sample } from "./sample.js"

/** Where a subject finds its tokens. Sent over IPC: secrets stay off the command line. */
export interface SubjectConfig {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  readonly publicClientId: string
  /** One grant, and one file, each. */
  readonly refreshTokens: readonly string[]
  /** For the files, shared by all subjects. */
  readonly directory: string
  /** Behind the files; default: nothing. */
  readonly shared?: SharedStoreConfig | undefined
  readonly seed: number
}

/** What was done to watchers, pools and sources, in all. */
export interface LoadCounts {
  readonly calls: number
  readonly failures: number
  readonly published: number
  readonly started: number
  /** Keys that a pool made a source for. */
  readonly pooled: number
  /** Errors that are no `TokenError`, and a sign-in asked for: there must be none. */
  readonly unexpected: readonly string[]
}

/** What a subject can be asked to do, one after the other. */
export interface SubjectCalls {
  /** Starts what lives as long as the subject. */
  start(config: SubjectConfig): null
  /** Works for so long, in milliseconds, and ends what it began. */
  load(forMs: number): LoadCounts
  sample(): Sample
  /** Closes everything. Afterwards nothing keeps the process alive. */
  close(): null
}

export type SubjectRequest = {
  [M in keyof SubjectCalls]: { readonly method: M; readonly args: Parameters<SubjectCalls[M]> }
}[keyof SubjectCalls]

export type SubjectAnswer = { readonly value: unknown } | { readonly error: string }
