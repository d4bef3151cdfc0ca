import { writeFile } from "node:fs/promises"
import { toolOptions } from "../tool-options.js"
import { chosen } from "./chosen.js"
import { installPeers } from "./install-peers.js"
import { peers, type Peer } from "./peers.js"
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
  if (somePeers.some(({ name }) => name !== "evertoken")) installPeers()
  const rows: Row[] = []
  for (const scenario of someScenarios) rows.push(await playRow(scenario, somePeers))
  const table = markdown(somePeers, rows, new Date())
  console.log(table)
  if (somePeers === peers && someScenarios === scenarios) {
    await writeFile(new URL("RESULTS.md", import.meta.url), table)
  }
}
