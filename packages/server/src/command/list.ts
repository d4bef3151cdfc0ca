import { addCommand, type CommandContext } from "./add-command.js"
import { glyphsFor } from "./life-bar.js"
import { paintFor } from "./paint.js"
import { boardOf } from "./status-board.js"
import { tableOf } from "./status-table.js"
import type { TokenStatus } from "../tokens/token-status.js"
import type { Terminal } from "./terminal.js"
import { watchStatus, type WatchOptions } from "./watch-status.js"
import { withTokens } from "./with-tokens.js"

interface ListOptions extends WatchOptions {
  readonly watch?: boolean
}

export function addListCommand({ program, terminal }: CommandContext): void {
  addCommand(program, {
    usage: "list",
    description: "tell how the tokens are doing, never a token",
    examples: ["evertoken list --watch", "evertoken status --json | jq -r '.[] | select(.status != \"fresh\").name'"],
  })
    .alias("status")
    .option("--json", "print an array; with --watch one a line, whenever one of them changes")
    .option("--watch", "go on until Ctrl-C")
    .addHelpText(
      "after",
      "\nOn a terminal each token's life is a bar; elsewhere all is told in words. NO_COLOR and FORCE_COLOR are heeded.",
    )
    .action(async (options: ListOptions) => {
      if (options.watch === true) return watchStatus(options, terminal)
      const statuses = await withTokens(options, terminal, (tokens) => tokens.list())
      terminal.stdout.write(options.json === true ? `${JSON.stringify(statuses)}\n` : textOf(statuses, terminal))
    })
}

function textOf(statuses: readonly TokenStatus[], { stdout, clock }: Terminal): string {
  if (stdout.isTTY !== true) return tableOf(statuses, clock.now())
  const { columns: width = 80 } = stdout
  const lines = boardOf(statuses, { now: clock.now(), width, glyphs: glyphsFor(), paint: paintFor(stdout) })
  return `${lines.join("\n")}\n`
}
