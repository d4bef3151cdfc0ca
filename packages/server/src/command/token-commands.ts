import { InvalidArgumentError, type Command } from "commander"
import { lengthOfTime } from "../http/length-of-time.js"
import { configurationOf, type ConfigOption } from "./configuration.js"
import { login } from "./login.js"
import { openTokens } from "./open-tokens.js"
import { readTokens } from "./read-tokens.js"
import { tableOf } from "./status-table.js"
import type { Terminal } from "./terminal.js"
import type { TokenService } from "./token-service.js"

interface GetOptions extends ConfigOption {
  readonly json?: boolean
  readonly header?: boolean
  readonly minValidity?: number
}

/** What is done with named tokens, by a server or without one. */
export function addTokenCommands(program: Command, terminal: Terminal): void {
  const { stdout, stderr } = terminal
  const command = (usage: string, description: string, examples: string) =>
    program
      .command(usage)
      .description(description)
      .option("--config <file>", "the configuration; by default $EVERTOKEN_CONFIG or ./evertoken.yaml, and so on")
      .addHelpText("after", `\nExamples:\n${examples}`)

  async function withTokens(option: ConfigOption, work: (tokens: TokenService) => Promise<void>): Promise<void> {
    const { config } = await configurationOf(option)
    await using tokens = await openTokens(config, terminal.clock)
    await work(tokens)
  }

  command("get <name>", "print the token alone", "  evertoken get billing --min-validity 5m")
    .option("--json", "print an object, with its times")
    .option("--header", "print the header that a request has")
    .option("--min-validity <time>", "renew one that lasts shorter, such as 60s", lengthOption)
    .action((name: string, options: GetOptions) =>
      withTokens(options, async (tokens) => {
        const answer = await tokens.get(name, { minimumValidityMs: options.minValidity })
        const { accessToken, tokenType } = answer
        const scheme = /^bearer$/i.test(tokenType) ? "Bearer" : tokenType
        const header = options.header === true ? `Authorization: ${scheme} ${accessToken}` : accessToken
        stdout.write(`${options.json === true ? JSON.stringify(answer) : header}\n`)
      }),
    )
  command("list", "tell how the tokens are doing, never a token", "  evertoken list --json")
    .alias("status")
    .option("--json", "print an array")
    .action((options: ConfigOption & { readonly json?: boolean }) =>
      withTokens(options, async (tokens) => {
        const statuses = await tokens.list()
        stdout.write(options.json === true ? `${JSON.stringify(statuses)}\n` : tableOf(statuses, terminal.clock.now()))
      }),
    )
  command("refresh <name>", "renew it now", "  evertoken refresh billing").action(
    (name: string, options: ConfigOption) =>
      withTokens(options, async (tokens) => {
        await tokens.refresh(name)
        stderr.write(`${name} is renewed\n`)
      }),
  )
  command("revoke <name>", "revoke it at the issuer, and forget it", "  evertoken revoke mail")
    .option("--local", "forget it only")
    .action((name: string, options: ConfigOption & { readonly local?: boolean }) =>
      withTokens(options, async (tokens) => {
        await tokens.revoke(name, { local: options.local === true })
        stderr.write(`${name} is ${options.local === true ? "forgotten" : "revoked"}\n`)
      }),
    )
  command(
    "set <name>",
    "replace what is kept by tokens from the standard input, or typed unseen",
    "  evertoken set mail < tokens.json     (accessToken, refreshToken, expiresAt, scope)\n  pass show mail | evertoken set mail  (an access token alone)",
  ).action((name: string, options: ConfigOption) =>
    withTokens(options, async (tokens) => {
      await tokens.set(name, await readTokens(terminal))
      stderr.write(`${name} is set\n`)
    }),
  )
  command("login <name>", "sign in: the server keeps it alive from then on", "  evertoken login mail").action(
    (name: string, options: ConfigOption) => withTokens(options, (tokens) => login(name, tokens, terminal)),
  )
}

function lengthOption(text: string): number {
  const { data } = lengthOfTime.safeParse(text)
  if (data === undefined) throw new InvalidArgumentError("It must be a number and a unit, such as 60s or 5m.")
  return data
}
