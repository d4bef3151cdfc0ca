import { addCommand, type CommandContext, type CommandDescription } from "./add-command.js"
import type { ConfigOption } from "./configuration.js"
import { addGetCommand } from "./get.js"
import { addListCommand } from "./list.js"
import { login } from "./login.js"
import { readTokens } from "./read-tokens.js"
import { waitingFor } from "./waiting-for.js"
import { withTokens } from "./with-tokens.js"

/** What is done with named tokens, by a server or without one. */
export function addTokenCommands(context: CommandContext): void {
  const { program, terminal } = context
  const { stderr } = terminal
  const add = (description: CommandDescription) => addCommand(program, description)

  addGetCommand(context)
  addListCommand(context)
  add({ usage: "refresh <name>", description: "renew it now", examples: ["evertoken refresh billing"] }).action(
    (name: string, options: ConfigOption) =>
      withTokens(options, terminal, async (tokens) => {
        await waitingFor(name, tokens.refresh(name), terminal)
        stderr.write(`${name} is renewed\n`)
      }),
  )
  add({
    usage: "revoke <name>",
    description: "revoke it at the issuer, and forget it",
    examples: ["evertoken revoke mail"],
  })
    .option("--local", "forget it only")
    .action((name: string, options: ConfigOption & { readonly local?: boolean }) =>
      withTokens(options, terminal, async (tokens) => {
        await waitingFor("the issuer", tokens.revoke(name, { local: options.local === true }), terminal)
        stderr.write(`${name} is ${options.local === true ? "forgotten" : "revoked"}\n`)
      }),
    )
  add({
    usage: "set <name>",
    description: "replace what is kept by tokens from the standard input, or typed unseen",
    examples: [
      "evertoken set mail < tokens.json     (accessToken, refreshToken, expiresAt, scope)",
      "pass show mail | evertoken set mail  (an access token alone)",
    ],
  }).action((name: string, options: ConfigOption) =>
    withTokens(options, terminal, async (tokens) => {
      await tokens.set(name, await readTokens(terminal))
      stderr.write(`${name} is set\n`)
    }),
  )
  add({
    usage: "login <name>",
    description: "sign in: the server keeps it alive from then on",
    examples: ["evertoken login mail"],
  }).action((name: string, options: ConfigOption) =>
    withTokens(options, terminal, (tokens) => login(name, tokens, terminal)),
  )
}
