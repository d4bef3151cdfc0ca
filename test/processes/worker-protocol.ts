import type { RenewalStep } from "evertoken"

/** How a worker gets its tokens. Sent over IPC: secrets stay off the command line and the environment. */
export interface WorkerConfig {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret?: string
  /** Without one: client credentials. */
  readonly refreshToken?: string
  readonly file: string
  readonly requestTimeoutMs?: number
  readonly minimumIntervalMs?: number
}

/** What a worker can be asked to do, and what it answers. */
export interface WorkerCalls {
  configure(config: WorkerConfig): void
  /** Any valid token. */
  getToken(): SeenToken
  /** A newer one than the last it saw. */
  renew(): SeenToken
  /** Kills itself, or stops, at a named step of the renewal: from inside, so that nothing runs after it. */
  haltAt(step: RenewalStep, signal: "SIGKILL" | "SIGSTOP"): void
  startWatcher(): SeenToken
  close(): void
}

export interface SeenToken {
  /** Not the token: its hash. */
  readonly hash: string
  readonly generation: number
}

export type WorkerRequest = {
  [M in keyof WorkerCalls]: { readonly id: number; readonly method: M; readonly args: Parameters<WorkerCalls[M]> }
}[keyof WorkerCalls]

export type WorkerMessage =
  | { readonly id: number; readonly value: SeenToken | undefined }
  | { readonly id: number; readonly error: { readonly code: string; readonly message: string } }
  | { readonly step: RenewalStep }
  | { readonly waiting: true }
  | { readonly token: SeenToken }
