/** What a command ends with; each is told by `--help`. */
export const EXIT = { failed: 1, usage: 2, unknownToken: 3, signInNeeded: 4, unavailable: 5 } as const

export interface CommandErrorOptions {
  readonly exitCode?: number
  readonly hint?: string | undefined
}

/** Why a command ends: one line, and what to do about it. Nothing secret in either. */
export class CommandError extends Error {
  override readonly name = "CommandError"
  readonly exitCode: number
  readonly hint: string | undefined

  constructor(message: string, { exitCode = EXIT.failed, hint }: CommandErrorOptions = {}) {
    super(message)
    this.exitCode = exitCode
    this.hint = hint
  }
}
