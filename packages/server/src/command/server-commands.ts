import { addCommand, addPlainCommand, type CommandContext } from "./add-command.js"
import { check } from "./check.js"
import { init } from "./init.js"
import { serve, type ServeOptions } from "./serve.js"
import type { ConfigOption } from "./configuration.js"

/** The server, and what it is told by. */
export function addServerCommands({ program, terminal }: CommandContext): void {
  addCommand(program, {
    usage: "serve",
    description: "keep the tokens of the configuration fresh, and hand them out",
    examples: ["evertoken serve --config /etc/evertoken/evertoken.yaml"],
  })
    .option("--unsafe-bind", "allow an address that other machines reach; it needs TLS")
    .addHelpText(
      "after",
      "\nSIGHUP reads the configuration again. SIGINT and SIGTERM end it in order; a second one, at once.",
    )
    .action((options: ServeOptions) => serve(options, terminal))
  addPlainCommand(program, {
    usage: "init",
    description: "write a commented configuration; never over one that is there",
    examples: ["evertoken init ~/.config/evertoken/evertoken.yaml"],
  })
    .argument("[file]", "where to", "evertoken.yaml")
    .action((file: string) => init(file, terminal))
  addCommand(program, {
    usage: "check",
    description: "tell what is wrong with the configuration, by line and column",
    examples: ["evertoken check && systemctl reload evertoken"],
  }).action((options: ConfigOption) => check(options, terminal))
}
