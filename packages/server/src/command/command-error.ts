/** What a command ends with; each is told by `--help`. */
export const EXIT = { failed: 1, usage: 2, unknownToken: 3, signInNeeded: 4, unavailable: 5 } as const

export interface CommandErrorOptions {
  readonly exitCode?: number
  readonly hint?: string | undefined
  /** What happened, for programs: of the API, or of the library. */
  readonly code?: string | undefined
  /** What it is made of. */
  readonly cause?: unknown
}

/** Why a command ends: one line, and what to do about it. Nothing secret in either. */
export class CommandError extends Error {
  override readonly name = "CommandError"
  readonly exitCode: number
  readonly hint: string | undefined
  readonly code: string | undefined

  constructor(message: string, { exitCode = EXIT.failed, hint, code, cause }: CommandErrorOptions = {}) {
    super(message, { cause })
    this.exitCode = exitCode
    this.hint = hint
    this.code = code
  }
}
