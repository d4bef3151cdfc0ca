import { cpus, totalmem, type } from "node:os"
import { versionOf, type Peer } from "./peers.js"
import type { Scenario, Verdict } from "./scenario.js"

export interface Row {
  readonly scenario: Scenario
  readonly verdicts: readonly Verdict[]
}

const SIGNS = { ok: "✅", not: "❌", "n.a.": "–" } as const

/** The table and what belongs to it, in Markdown. */
export function markdown(peers: readonly Peer[], rows: readonly Row[], date: Date): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`
  const head = peers.map((peer) => `[${peer.name}](../peers/${peer.name}.js) ${versionOf(peer.package) ?? ""}`)
  const body = rows.map(({ scenario, verdicts }) =>
    line([
      `**${scenario.title}**<br>[program](programs/${scenario.name}.js); ok: ${scenario.ok}`,
      ...verdicts.map(({ mark, seen }) => `${SIGNS[mark]} ${escaped(seen)}`),
    ]),
  )
  return [
    "# The torture table",
    "",
    `Made by \`npm run torture\` on ${date.toISOString().slice(0, 10)}, ${machine()}.`,
    "",
    ABOUT,
    "",
    line(["", ...head]),
    line(["---", ...head.map(() => "---")]),
    ...body,
    "",
    `Held up: ${peers.map((peer, i) => `${peer.name} ${score(rows, i)}`).join(", ")}.`,
    "",
  ].join("\n")
}

const ABOUT = `Each cell is a program of its own in a process of its own, against a token server of its own on a real socket behind TLS
([token-server.ts](token-server.ts)). A program is the scenario's file with the client that the peer's file opens, in the way that
the peer documents; both are linked. ✅ is what the row calls ok, ❌ anything else, – has no meaning for this peer, and why. What
is said was counted or seen. No clock is faked: where time matters, tokens of a short life are issued, the same to all, and the
waiting is real. Where a peer keeps what a function of the application returns, that function is
[token-request.js](../peers/token-request.js), a bare \`fetch\`. Peers are the newest that run on Node.js 20.18.1. The scenarios were chosen by the
authors of evertoken, for failures that they set out to avoid. Defaults are as they are: with options that their types tell of, two more
cells hold up of google-auth-library (\`eagerRefreshThresholdMillis: 1\`: the issuer that answers 500, the token of 4 minutes), and two of
badgateway-oauth2-client (\`scheduleRefresh: false\`: the token of 30 days, the end of the process). No peer claims to share tokens
between processes.`

function machine(): string {
  const [cpu] = cpus()
  const memoryGb = Math.round(totalmem() / 2 ** 30)
  return `Node.js ${process.versions.node} on ${type()}, ${cpus().length} × ${cpu?.model.trim() ?? "unknown"}, ${memoryGb} GiB`
}

function score(rows: readonly Row[], peer: number): string {
  const marks = rows.map(({ verdicts }) => verdicts[peer]?.mark)
  return `${marks.filter((mark) => mark === "ok").length} of ${marks.filter((mark) => mark !== "n.a.").length}`
}

function escaped(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;").replace(/\s+/g, " ")
}
