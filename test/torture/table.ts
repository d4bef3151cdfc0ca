import { cpus, totalmem, type } from "node:os"
import { versionOf, type Peer } from "./peers.js"
import type { Scenario, Verdict } from "./scenario.js"

export interface Row {
  readonly scenario: Scenario
  readonly verdicts: readonly Verdict[]
}

const SIGNS = { ok: "✅", option: "🔧", not: "❌", "n.a.": "–" } as const

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
the peer documents; both are linked. All run with their defaults, evertoken too. ✅ is what the row calls ok, ❌ anything else. 🔧 is
not ok by default, and ok in a second run with an option of the peer, or of what it sends its requests by; the cell names it. – has no
meaning for this peer, and why: it does not do such a thing, or leaves it to the application. What is said was counted or seen, once: the
counts that depend on who comes first differ from run to run. No clock is faked: where time matters, tokens of a short life are
issued, the same to all, and the waiting is real. Where a peer keeps what a function of the application returns, that function is
[token-request.js](../peers/token-request.js), a bare \`fetch\`; rows that would judge that function are – for them. Peers are the newest that
run on Node.js 20.18.1. The scenarios were chosen by the authors of evertoken, for failures that they set out to avoid. No peer claims
that processes share a request: where it documents a store for its tokens, the 16 processes keep them in one file.`

function machine(): string {
  const [cpu] = cpus()
  const memoryGb = Math.round(totalmem() / 2 ** 30)
  return `Node.js ${process.versions.node} on ${type()}, ${cpus().length} × ${cpu?.model.trim() ?? "unknown"}, ${memoryGb} GiB`
}

function score(rows: readonly Row[], peer: number): string {
  const marks = rows.map(({ verdicts }) => verdicts[peer]?.mark)
  const count = (wanted: Verdict["mark"]) => marks.filter((mark) => mark === wanted).length
  const withOptions = count("option") === 0 ? "" : ` (${count("ok") + count("option")} with options)`
  return `${count("ok")} of ${marks.length - count("n.a.")}${withOptions}`
}

function escaped(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;").replace(/\s+/g, " ")
}
