import type { Command } from "commander"
import type { Terminal } from "./terminal.js"

export interface CommandDescription {
  /** As in `get <name>`. */
  readonly usage: string
  readonly description: string
  /** One a line, what it does after it. */
  readonly examples: readonly string[]
}

/** What all that adds a command is given. */
export interface CommandContext {
  readonly program: Command
  readonly terminal: Terminal
  readonly args: readonly string[]
  /** What comes after `--`, if that was given. */
  readonly rest: readonly string[] | undefined
  /** What the process exits with, where it is neither 0 nor that of a failure. */
  readonly exitWith: (code: number) => void
}

/** A command that needs no configuration. */
export function addPlainCommand(program: Command, { usage, description, examples }: CommandDescription): Command {
  const lines = examples.map((example) => `\n  ${example}`)
  const command = program.command(usage)
  return command
    .description(description)
    .showHelpAfterError(`(evertoken ${command.name()} --help tells more)`)
    .addHelpText("after", `\nExamples:${lines.join("")}`)
}

/** A command on a configuration. */
export function addCommand(program: Command, description: CommandDescription): Command {
  return addPlainCommand(program, description).option(
    "--config <file>",
    "the configuration; by default $EVERTOKEN_CONFIG, or the first there is of ./evertoken.yaml, " +
      "~/.config/evertoken/evertoken.yaml and /etc/evertoken/evertoken.yaml",
  )
}
