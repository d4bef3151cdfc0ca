import type { TokenAnswer } from "../http/token-answer.js"
import { addCommand, type CommandContext } from "./add-command.js"
import type { ConfigOption } from "./configuration.js"
import { lengthOption } from "./length-option.js"
import { waitingFor } from "./waiting-for.js"
import { withTokens } from "./with-tokens.js"

interface GetOptions extends ConfigOption {
  readonly json?: boolean
  readonly header?: boolean
  readonly curl?: boolean
  readonly minValidity?: number
}

export function addGetCommand({ program, terminal }: CommandContext): void {
  addCommand(program, {
    usage: "get <name>",
    description: "print the token alone",
    examples: [
      "evertoken get billing --min-validity 5m",
      "evertoken get billing --curl | curl -K - https://api.example.com/invoices",
    ],
  })
    .option("--json", "print an object, with its times")
    .option("--header", "print the header that a request has")
    .option("--curl", "print the header as curl -K - reads it: it stands in no list of processes")
    .option(
      "--min-validity <time>",
      "renew one that lasts shorter, such as 60s; half of its lifetime at most",
      lengthOption,
    )
    .action((name: string, options: GetOptions) =>
      withTokens(options, terminal, async (tokens) => {
        const answer = await waitingFor(name, tokens.get(name, { minimumValidityMs: options.minValidity }), terminal)
        terminal.stdout.write(`${formatted(answer, options)}\n`)
      }),
    )
}

function formatted(answer: TokenAnswer, { json, header, curl }: GetOptions): string {
  if (json === true) return JSON.stringify(answer)
  if (curl === true) return `header = "${headerOf(answer).replace(/["\\]/g, "\\$&")}"`
  return header === true ? headerOf(answer) : answer.accessToken
}

function headerOf({ accessToken, tokenType }: TokenAnswer): string {
  return `Authorization: ${/^bearer$/i.test(tokenType) ? "Bearer" : tokenType} ${accessToken}`
}
