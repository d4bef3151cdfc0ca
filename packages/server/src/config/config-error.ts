/** What is wrong with a configuration, and how to mend it. Nothing of a secret is in it. */
export interface ConfigProblem {
  /** From 1. Left out where it is the file itself that is wrong. */
  readonly line?: number | undefined
  /** From 1, in UTF-16 units. */
  readonly column?: number | undefined
  /** As in `tokens.billing.client.secret`; empty where the file as a whole is meant. */
  readonly field: string
  readonly message: string
}

/** One that has its place in the file. */
export type PlacedProblem = ConfigProblem & { readonly line: number; readonly column: number }

/** A configuration that cannot be used: all that is wrong with it, one problem a line, as compilers tell it. */
export class ConfigError extends Error {
  override readonly name = "ConfigError"
  readonly file: string
  /** In the order of the file; at least one. */
  readonly problems: readonly ConfigProblem[]

  constructor(file: string, problems: readonly ConfigProblem[]) {
    super([...new Set(problems.map((problem) => lineOf(file, problem)))].join("\n"))
    this.file = file
    this.problems = problems
  }
}

function lineOf(file: string, { line, column, field, message }: ConfigProblem): string {
  const place = [file, line, column].filter((part) => part !== undefined).join(":")
  return [place, field, message].filter((part) => part !== "").join(": ")
}
