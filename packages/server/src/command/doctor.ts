import { ConfigError } from "../config/config-error.js"
import { examine } from "../doctor/examine.js"
import { fail, ok, type Finding } from "../doctor/finding.js"
import { addCommand, type CommandContext } from "./add-command.js"
import { EXIT } from "./command-error.js"
import { configurationOf, type ConfigOption } from "./configuration.js"
import { paintFor, type Paint } from "./paint.js"
import { printable, type Terminal } from "./terminal.js"

interface DoctorOptions extends ConfigOption {
  readonly json?: boolean
}

const STYLES = { ok: ["green"], warn: ["yellow"], fail: ["bold", "red"] } as const

export function addDoctorCommand({ program, terminal, exitWith }: CommandContext): void {
  addCommand(program, {
    usage: "doctor",
    description:
      "look at configuration, secrets, permissions, stores, issuers, clocks and server; say how to mend them",
    examples: ["evertoken doctor", "evertoken doctor --json | jq '.[] | select(.outcome != \"ok\")'"],
  })
    .option("--json", "print an array of what was found: outcome, subject, message, hint")
    .addHelpText(
      "after",
      "\nIt exits with 1 if anything fails; a warning is none. No issuer is asked for a token; of what it\n" +
        "needs it makes only the tables of a database, as a server would.",
    )
    .action(async (options: DoctorOptions) => {
      const found: Finding[] = []
      const paint = paintFor(terminal.stdout)
      for await (const finding of findings(options, terminal)) {
        found.push(finding)
        if (options.json !== true) terminal.stdout.write(textOf(finding, paint))
      }
      const count = (outcome: Finding["outcome"]) => found.filter((finding) => finding.outcome === outcome).length
      if (options.json === true) terminal.stdout.write(`${JSON.stringify(found, undefined, 2)}\n`)
      else terminal.stdout.write(`\n${count("ok")} good, ${count("warn")} to think of, ${count("fail")} to mend\n`)
      if (count("fail") > 0) exitWith(EXIT.failed)
    })
}

async function* findings(options: ConfigOption, { clock }: Terminal): AsyncIterable<Finding> {
  const subject = "configuration"
  try {
    const configuration = await configurationOf(options)
    yield ok(subject, `${configuration.file} is valid`)
    yield* examine(configuration, clock)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    yield* error.message.split("\n").map((problem) => fail(subject, problem, "evertoken init shows each option."))
  }
}

function textOf({ outcome, subject, message, hint }: Finding, paint: Paint): string {
  const first = `${paint(outcome.padEnd(4), ...STYLES[outcome])}  ${printable(`${subject}: ${message}`)}\n`
  return hint === undefined ? first : `${first}      ${printable(hint)}\n`
}
