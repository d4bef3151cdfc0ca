import { Command, CommanderError } from "commander"
import { ConfigError } from "../config/config-error.js"
import { EXIT } from "./command-error.js"
import { addCompletionCommands } from "./completion.js"
import { addDashboardCommand } from "./dashboard.js"
import { addDoctorCommand } from "./doctor.js"
import { addExecCommand } from "./exec.js"
import { addGitCredentialCommand } from "./git-credential.js"
import { addKubeCredentialCommand } from "./kube-credential.js"
import { version } from "../version.js"
import { originOf } from "./error-origin.js"
import { failureOf } from "./failure.js"
import { addSimulateCommand } from "./simulate.js"
import { addServerCommands } from "./server-commands.js"
import { printable, type Terminal } from "./terminal.js"
import { addTokenCommands } from "./token-commands.js"

const EXIT_CODES = `
Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 no such token, 4 a sign-in is needed, 5 unavailable for now`

const EXAMPLES = `
Examples:
  evertoken init                        writes a commented evertoken.yaml
  evertoken serve                       keeps its tokens fresh, and hands them out
  evertoken get billing --curl | curl -K - https://api.example.com/invoices
  evertoken exec billing -- ./report.sh
  evertoken doctor                      says what is wrong, and how to mend it

Commands on tokens ask the server; with none running they do the work themselves.`

/** Does what a command line says. @returns what the process exits with. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode = 0
  const program = programOf(args, terminal, (code) => (exitCode = code))
  try {
    await program.parseAsync(args, { from: "user" })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.usage
    return told(error, terminal, program.opts<{ verbose?: boolean }>().verbose === true)
  }
}

function programOf(args: readonly string[], terminal: Terminal, exitWith: (code: number) => void): Command {
  const { stdout, stderr } = terminal
  const program = new Command("evertoken")
    .description("Holds the grants of a host, keeps every token fresh, and hands them out.")
    .version(version())
    .option("--verbose", "tell where a failure comes from")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      outputError: (text, write) => write(printable(usageError(text))),
    })
    .showHelpAfterError("(evertoken --help tells more)")
    .addHelpText("after", EXAMPLES)
    .addHelpText("afterAll", EXIT_CODES)

  const end = args.indexOf("--")
  const context = { program, terminal, args, exitWith, rest: end < 0 ? undefined : args.slice(end + 1) }
  addServerCommands(context)
  addSimulateCommand(context)
  addTokenCommands(context)
  addDashboardCommand(context)
  addDoctorCommand(context)
  addExecCommand(context)
  addGitCredentialCommand(context)
  addKubeCredentialCommand(context)
  addCompletionCommands(context)
  return program
}

/** The value of an option that is not known may be a secret. */
function usageError(text: string): string {
  return text.replace(/^error: /, "evertoken: ").replace(/(unknown option '-[^=']*)=[^\n]*'/, "$1=…'")
}

function told(error: unknown, { stderr }: Terminal, isVerbose: boolean): number {
  const { message, hint, exitCode } = failureOf(error)
  // each line of it begins with its place in the file, as editors read it
  const origin = error instanceof ConfigError ? "" : "evertoken: "
  stderr.write(`${origin}${printable(message)}\n`)
  if (hint !== undefined) stderr.write(`  ${printable(hint)}\n`)
  if (isVerbose) stderr.write(originOf(error))
  return exitCode
}
