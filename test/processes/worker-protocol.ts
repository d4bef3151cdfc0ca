import type { RenewalStep } from "evertoken"

/** How a worker gets its tokens. Sent over IPC: secrets stay off the command line and the environment. */
export interface WorkerConfig {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret?: string
  /** Without one: client credentials. */
  readonly refreshToken?: string
  /** The token of its host. */
  readonly file?: string
  /** What hosts share: the authority. */
  readonly shared?: SharedStoreConfig
  /** By how much the wall clock of its host is ahead of the others', in milliseconds. */
  readonly clockAheadMs?: number
  readonly requestTimeoutMs?: number
  readonly claimTimeoutMs?: number
  readonly minimumIntervalMs?: number
  /** The longest pause after a failure. */
  readonly maximumBackoffMs?: number
}

/** A store on a server. `rows`: a table of the application's own in PostgreSQL. */
export interface SharedStoreConfig {
  readonly kind: "redis" | "postgres" | "rows"
  readonly port: number
  /** What sets it apart from others on that server. */
  readonly name: string
  readonly leaseMs?: number
}

/** How a worker renews of its own accord. */
export interface KeepRenewing {
  /** Where it writes down what happens; shared by all workers. */
  readonly journal: string
  /** Its name there. */
  readonly name: string
  readonly seed: number
  /** It rests for so long between two renewals, at random from nothing to twice that, in milliseconds. */
  readonly restMs: number
}

/** What a worker can be told to send itself. SIGSTOP and SIGKILL take effect before anything else runs. */
export type HaltSignal = "SIGKILL" | "SIGSTOP" | "SIGTERM"

/** What a worker can be asked to do, and what it answers. */
export interface WorkerCalls {
  /** Closes what was configured before. */
  configure(config: WorkerConfig): void
  /** Any valid token. */
  getToken(): SeenToken
  /** A newer one than the last it saw. */
  renew(): SeenToken
  /**
   * Sends itself a signal at the next time it reaches a step of the renewal, if that is within so many milliseconds: from
   * inside, so that nothing runs after it.
   */
  haltAt(step: RenewalStep, signal: HaltSignal, withinMs?: number): void
  /** From now on renews over and over, and keeps a journal of it. */
  keepRenewing(how: KeepRenewing): void
  startWatcher(): SeenToken
  close(): void
}

export interface SeenToken {
  /** Not the token: its hash. */
  readonly hash: string
  readonly generation: number
}

/** A token that a watcher has told of. */
export interface PublishedToken extends SeenToken {
  /** When it was told, epoch milliseconds, with fractions. */
  readonly at: number
}

export type WorkerRequest = {
  [M in keyof WorkerCalls]: { readonly id: number; readonly method: M; readonly args: Parameters<WorkerCalls[M]> }
}[keyof WorkerCalls]

export type WorkerMessage =
  | { readonly id: number; readonly value: SeenToken | undefined }
  | { readonly id: number; readonly error: { readonly code: string; readonly message: string } }
  | { readonly step: RenewalStep }
  | { readonly waiting: true }
  | { readonly token: PublishedToken }
