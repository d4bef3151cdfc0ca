import { writeFile } from "node:fs/promises"
import { toolOptions } from "../tool-options.js"
import { chosen } from "../torture/chosen.js"
import { installPeers } from "../torture/install-peers.js"
import type { Findings } from "./measurement.js"
import { measurements } from "./measurements/index.js"
import { MeasuringServer } from "./measuring-server.js"
import { resultsText } from "./results.js"
import { FLOOR, EVERTOKEN, subjects } from "./subject.js"

const HELP = `This library, its peers and the floor, on the same work in one run.

  npm run bench -- [--only NAME] [--peer NAME] [--quick]

  --only NAME   only this measurement; may be repeated
  --peer NAME   only this peer, besides evertoken and the floor; may be repeated. "none": no peer
  --quick       short rounds, and few of them, to see that it works: the figures say little
  --help        this text

Measurements:
${measurements.map(({ name, about }) => `  ${name.padEnd(12)}  ${about}`).join("\n")}

Installs the peers into test/peers where they are missing, says how far it is, and prints tables in Markdown. A run of
everything, that is not quick, also writes them to test/side-by-side/RESULTS.md. Nothing else should run on the machine.`

const values = toolOptions({
  only: { type: "string", multiple: true, default: [] },
  peer: { type: "string", multiple: true, default: [] },
  quick: { type: "boolean", default: false },
  help: { type: "boolean" },
})

if (values.help) console.log(HELP)
else await measure()

async function measure(): Promise<void> {
  const some = chosen("measurement", measurements, values.only)
  const peers = subjects.filter((one) => one !== FLOOR && one !== EVERTOKEN)
  const somePeers = values.peer.includes("none") ? [] : chosen("peer", peers, values.peer)
  if (somePeers.length > 0) installPeers()
  const someSubjects = subjects.filter((one) => one === FLOOR || one === EVERTOKEN || somePeers.includes(one))
  await using server = await MeasuringServer.start()
  const setting = { subjects: someSubjects, server, quick: values.quick, tell: (line: string) => console.error(line) }
  const findings: Findings[] = []
  for (const measurement of some) findings.push(await measurement.run(setting))
  const text = resultsText(someSubjects, findings, new Date())
  console.log(text)
  const isWhole = some === measurements && somePeers === peers && !values.quick
  if (isWhole) await writeFile(new URL("RESULTS.md", import.meta.url), text)
}
