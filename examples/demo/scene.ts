import type { ProcessReport } from "./messages.js"

/** One of the processes, as it stands. */
export interface Member {
  readonly number: number
  readonly life: "starting" | "running" | "killed"
  readonly report: ProcessReport | undefined
}

export interface Comment {
  /** Milliseconds since the demo began. */
  readonly atMs: number
  readonly text: string
}

/** What the demo has counted. */
export interface Totals {
  /** Tokens that came from the issuer. */
  readonly renewals: number
  /** Requests at its token endpoint. */
  readonly requests: number
  /** Tokens that a process took from the file. */
  readonly adoptions: number
  readonly reads: number
  readonly failedReads: number
}

/** Everything there is to see at one moment. */
export interface Scene {
  readonly now: number
  readonly issuer: { readonly url: string; readonly isUp: boolean }
  readonly members: readonly Member[]
  readonly totals: Totals
  readonly comments: readonly Comment[]
}
