import { Argument, type Command, type Option } from "commander"
import { addPlainCommand, type CommandContext } from "./add-command.js"
import { COMPLETION_SCRIPTS } from "./completion-scripts.js"
import { configurationOf } from "./configuration.js"

type Shell = keyof typeof COMPLETION_SCRIPTS

interface Candidate {
  readonly word: string
  readonly description: string
}

const OPERATIONS = ["get", "store", "erase"]

/** Last of all: it knows the commands that were added before it. */
export function addCompletionCommands({ program, terminal, rest }: CommandContext): void {
  const shells = Object.keys(COMPLETION_SCRIPTS)
  addPlainCommand(program, {
    usage: "completion",
    description: "print what a shell completes this command by, down to the names of tokens",
    examples: [
      'eval "$(evertoken completion bash)"      in ~/.bashrc',
      'eval "$(evertoken completion zsh)"       in ~/.zshrc, after compinit',
      "evertoken completion fish | source       in ~/.config/fish/config.fish",
    ],
  })
    .addArgument(new Argument("<shell>").choices(shells))
    .action((shell: Shell) => void terminal.stdout.write(COMPLETION_SCRIPTS[shell]))
  program
    .command("__complete", { hidden: true })
    .allowExcessArguments()
    .action(async () => {
      for (const { word, description } of await complete(program, rest ?? [])) {
        terminal.stdout.write(`${word}\t${description}\n`)
      }
    })
}

/** What the last of these words may become. */
async function complete(program: Command, words: readonly string[]): Promise<readonly Candidate[]> {
  const last = words.at(-1) ?? ""
  const before = words.slice(0, -1)
  const found = await candidates(program, before, last)
  return found.filter(({ word }) => word.startsWith(last))
}

async function candidates(program: Command, before: readonly string[], last: string): Promise<readonly Candidate[]> {
  const at = before.findIndex((word) => !word.startsWith("-"))
  const command = program.commands.find(
    (known) => known.name() === before[at] || known.aliases().includes(before[at] ?? ""),
  )
  if (at < 0) return last.startsWith("-") ? optionsOf(program) : commandsOf(program)
  // behind -- is another command, and behind an option that takes a value is that value: the shell's own files will do
  if (command === undefined || before.includes("--") || isValueOf(command, before.at(-1))) return []
  if (last.startsWith("-")) return optionsOf(command)
  const operands = before
    .slice(at + 1)
    .filter((word, i, all) => !word.startsWith("-") && !isValueOf(command, all[i - 1]))
  const argument =
    command.registeredArguments[operands.length] ?? command.registeredArguments.find(({ variadic }) => variadic)
  const names = argument?.argChoices ?? (await wordsFor(argument?.name(), configIn(before)))
  return names.map((word) => ({
    word,
    description: argument?.name() === "operation" ? "" : (argument?.description ?? ""),
  }))
}

async function wordsFor(argument: string | undefined, config: string | undefined): Promise<readonly string[]> {
  if (argument === "operation") return OPERATIONS
  if (argument !== "name" && argument !== "names") return []
  // one that is not there, or wrong, completes nothing
  const configuration = await configurationOf({ config }).catch(() => undefined)
  return Object.keys(configuration?.config.tokens ?? {}).sort()
}

function configIn(words: readonly string[]): string | undefined {
  const joined = words.find((word) => word.startsWith("--config="))
  return joined?.slice("--config=".length) ?? words[words.indexOf("--config") + 1 || words.length]
}

function isValueOf(command: Command, word: string | undefined): boolean {
  return command.options.some((option) => option.long === word && option.required)
}

function commandsOf(program: Command): readonly Candidate[] {
  const shown = program.commands.filter((command) => !command.name().startsWith("_"))
  return shown.flatMap((command) =>
    [command.name(), ...command.aliases()].map((word) => ({ word, description: command.description() })),
  )
}

function optionsOf(command: Command): readonly Candidate[] {
  const own = command.options.map(({ long, description }: Option) => ({ word: long ?? "", description }))
  return [...own, { word: "--help", description: "tell more" }]
}
