import { addCommand, type CommandContext } from "./add-command.js"
import { CommandError, EXIT } from "./command-error.js"
import type { ConfigOption } from "./configuration.js"
import { lengthOption } from "./length-option.js"
import { runChild } from "./run-child.js"
import { waitingFor } from "./waiting-for.js"
import { withTokens } from "./with-tokens.js"

interface ExecOptions extends ConfigOption {
  readonly env: string
  readonly minValidity?: number
}

export function addExecCommand({ program, terminal, rest, exitWith }: CommandContext): void {
  addCommand(program, {
    usage: "exec <names...>",
    description: "run a command that has tokens in its environment, and nobody else",
    examples: [
      "evertoken exec billing -- ./report.sh                 it finds the token in ACCESS_TOKEN",
      "evertoken exec --env GH_TOKEN github -- gh pr list",
      "evertoken exec mail=MAIL_TOKEN crm=CRM_TOKEN -- node sync.js",
    ],
  })
    .option("--env <variable>", "the variable of a token that has none by NAME=VARIABLE", "ACCESS_TOKEN")
    .option(
      "--min-validity <time>",
      "renew one that lasts shorter, such as 60s; half of its lifetime at most",
      lengthOption,
    )
    .addHelpText(
      "after",
      "\nIt exits with what the command exits with; 128 and the number of the signal that ended it; 127 if there is no\n" +
        "such command, 126 if it cannot be run. Signals are passed on; from a terminal they reach the command by themselves.",
    )
    .action(async (names: readonly string[], options: ExecOptions) => {
      const [command, ...args] = rest ?? []
      if (command === undefined) throw usage("there is no command", "Write it after --: evertoken exec NAME -- COMMAND")
      const variables = variablesOf(names.slice(0, names.length - args.length - 1), options.env)
      const given = await withTokens(options, terminal, (tokens) => {
        const asked = [...variables].map(async ([variable, name]) => {
          const { accessToken } = await tokens.get(name, { minimumValidityMs: options.minValidity })
          return [variable, accessToken] as const
        })
        return waitingFor([...variables.values()].join(", "), Promise.all(asked), terminal)
      })
      exitWith(await runChild(command, args, { env: { ...process.env, ...Object.fromEntries(given) }, terminal }))
    })
}

/** The names of tokens by the variables that they are to be in. */
function variablesOf(names: readonly string[], fallback: string): ReadonlyMap<string, string> {
  if (names.length === 0) throw usage("no token is named", "Name one before --: evertoken exec NAME -- COMMAND")
  const variables = new Map<string, string>()
  for (const given of names) {
    const [name = "", variable = fallback] = given.split("=", 2)
    if (!/^[A-Za-z_]\w*$/.test(variable)) {
      throw usage("that is no name of an environment variable", "Letters, digits and underscores: NAME=VARIABLE")
    }
    if (variables.has(variable)) throw usage(`${variable} is to hold two tokens`, "Write each as NAME=VARIABLE.")
    variables.set(variable, name)
  }
  return variables
}

function usage(message: string, hint: string): CommandError {
  return new CommandError(message, { exitCode: EXIT.usage, hint })
}
