/** What a process is told when it starts. By message, so that the secret is in no argument and no environment. */
export interface Assignment {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** The file that all processes share. */
  readonly file: string
}

export type Instruction = { readonly start: Assignment } | "close"

/** A token as it may be shown: a hash in its place. Times are epoch milliseconds. */
export interface ShownToken {
  readonly fingerprint: string
  readonly generation: number
  readonly issuedAt: number
  readonly staleAt: number
  readonly expiresAt: number
  /** Where this process has it from. */
  readonly from: "issuer" | "file"
}

/** How things stand in a process: sent some times a second, and at each new token. Lists are counts since its start. */
export interface ProcessReport {
  readonly token?: ShownToken | undefined
  readonly status: string
  readonly nextRenewalAt?: number | undefined
  /** Renewals that failed since the last one that did not. */
  readonly failedAttempts: number
  readonly lastError?: string | undefined
  readonly reads: number
  readonly failedReads: number
  /** Tokens it got from the issuer, and tokens it took from the file. */
  readonly renewals: number
  readonly adoptions: number
}
