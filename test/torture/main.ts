import { spawnSync } from "node:child_process"
import { writeFile } from "node:fs/promises"
import { toolOptions } from "../tool-options.js"
import { peers, PEERS_DIRECTORY, versionOf, wantedVersions, type Peer } from "./peers.js"
import { play } from "./play.js"
import type { Scenario, Verdict } from "./scenario.js"
import { scenarios } from "./scenarios/index.js"
import { markdown, type Row } from "./table.js"

const HELP = `The known failures of this field as small programs, run against this library and its peers.

  npm run torture -- [--peer NAME] [--scenario NAME]

  --peer NAME       only this one; may be repeated
  --scenario NAME   only this one; may be repeated
  --help            this text

Peers: ${peers.map(({ name }) => name).join(", ")}
Scenarios: ${scenarios.map(({ name }) => name).join(", ")}

Installs the peers into test/peers where they are missing, tells each result as it comes, and prints the table in Markdown.
A run of everything also writes it to test/torture/RESULTS.md.`

const values = toolOptions({
  peer: { type: "string", multiple: true, default: [] },
  scenario: { type: "string", multiple: true, default: [] },
  help: { type: "boolean" },
})

/** Those that were named, or all. A name that there is not ends the tool. */
function chosen<T extends { readonly name: string }>(
  kind: string,
  all: readonly T[],
  names: readonly string[],
): readonly T[] {
  const unknown = names.find((name) => !all.some((one) => one.name === name))
  if (unknown !== undefined) {
    console.error(`there is no ${kind} ${unknown}\n--help tells which there are`)
    process.exit(2)
  }
  return names.length === 0 ? all : all.filter(({ name }) => names.includes(name))
}

function install(): void {
  const isMissing = Object.entries(wantedVersions()).some(
    ([name, version]) => versionOf(name) !== version.replace(/^npm:.*@/, ""),
  )
  if (!isMissing) return
  console.error("installing the peers in test/peers …")
  const { status } = spawnSync("npm ci --ignore-scripts --no-audit --no-fund", {
    cwd: PEERS_DIRECTORY,
    shell: true,
    stdio: ["ignore", process.stderr, "inherit"],
  })
  if (status !== 0) process.exit(1)
}

async function playRow(scenario: Scenario, chosenPeers: readonly Peer[]): Promise<Row> {
  const one = async (peer: Peer): Promise<Verdict> => {
    const verdict = await play(peer, scenario)
    console.error(`${scenario.name.padEnd(27)} ${peer.name.padEnd(26)} ${verdict.mark.padEnd(5)} ${verdict.seen}`)
    return verdict
  }
  if (scenario.waits) return { scenario, verdicts: await Promise.all(chosenPeers.map(one)) }
  const verdicts: Verdict[] = []
  for (const peer of chosenPeers) verdicts.push(await one(peer))
  return { scenario, verdicts }
}

if (values.help) {
  console.log(HELP)
} else {
  const somePeers = chosen("peer", peers, values.peer)
  const someScenarios = chosen("scenario", scenarios, values.scenario)
  if (somePeers.some(({ name }) => name !== "evertoken")) install()
  const rows: Row[] = []
  for (const scenario of someScenarios) rows.push(await playRow(scenario, somePeers))
  const table = markdown(somePeers, rows, new Date())
  console.log(table)
  if (somePeers === peers && someScenarios === scenarios) {
    await writeFile(new URL("RESULTS.md", import.meta.url), table)
  }
}
