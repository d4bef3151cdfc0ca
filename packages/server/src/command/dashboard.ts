import { addCommand, type CommandContext } from "./add-command.js"
import { CommandError, EXIT } from "./command-error.js"
import { configurationOf, type ConfigOption } from "./configuration.js"
import { isServed, socketOf } from "./open-tokens.js"
import { RemoteTokens } from "./remote-tokens.js"
import { momentWords } from "./status-words.js"

export function addDashboardCommand({ program, terminal }: CommandContext): void {
  addCommand(program, {
    usage: "dashboard",
    description: "print a link that opens the dashboard, once and without the API key",
    examples: ["evertoken dashboard"],
  })
    .addHelpText(
      "after",
      "\nOpen it in a browser of this machine. Whoever opens it first has the session: show it to nobody.",
    )
    .action(async (option: ConfigOption) => {
      const { config } = await configurationOf(option)
      if (!(await isServed(config))) {
        throw new CommandError("no server is running", {
          exitCode: EXIT.unavailable,
          hint: "Start it: evertoken serve",
        })
      }
      await using server = new RemoteTokens(socketOf(config))
      const { url, expiresAt } = await server.dashboard()
      if (url === undefined) throw notOnTcp()
      // its code opens a session: no browser is started with it, since the list of processes would show it to others
      terminal.stdout.write(`${url}\n`)
      terminal.stderr.write(
        `It opens the dashboard once; it is over ${momentWords(expiresAt, terminal.clock.now())}.\n`,
      )
    })
}

function notOnTcp(): CommandError {
  const hint =
    "Say in the configuration: listen: { tcp: { port: 8787, apiKey: file:api.key } }, and start the server anew."
  return new CommandError("the server listens on its socket only, where no browser comes", {
    exitCode: EXIT.usage,
    hint,
  })
}
