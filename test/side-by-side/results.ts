import { cpus, totalmem, type } from "node:os"
import type { Findings } from "./measurement.js"
import { shownName, type Subject } from "./subject.js"
import { mainTable, tableText, type Table } from "./table.js"

/** What a part of the results begins and ends with, for whoever quotes it. */
function marked(name: string, text: string): string {
  return `<!-- ${name}: begin -->\n\n${text}\n\n<!-- ${name}: end -->`
}

/** All that was found, in Markdown. */
export function resultsText(subjects: readonly Subject[], findings: readonly Findings[], date: Date): string {
  const columns = findings.flatMap(({ columns = [] }) => columns)
  const tables = findings.flatMap(({ tables = [] }) => tables)
  const main = mainTable(
    subjects.map((subject) => ({ name: subject.name, shown: shownName(subject) })),
    columns,
  )
  const made = `Made by \`npm run bench\` on ${date.toISOString().slice(0, 10)}, ${machine()}.`
  return [
    "# Side by side",
    made,
    ABOUT,
    ...(columns.length === 0 ? [] : [marked("main", tableText(main))]),
    ...tables.map(sectionText),
    "",
  ].join("\n\n")
}

const ABOUT = `Each is measured in a process of its own, in the way that it documents; its program is linked. The rounds are
interleaved: one of each, then the next of each. So what slows the machine down slows all of them down, and ratios hold
where times do not. – is what a peer does not have: some give their token to requests only, and one that keeps no token
for other processes shares none.`

function sectionText({ title, about, ...table }: Table): string {
  const name = title.toLowerCase().replace(/[^a-z0-9]+/g, "-")
  return [`## ${title}`, ...(about === undefined ? [] : [about]), marked(name, tableText(table))].join("\n\n")
}

function machine(): string {
  const [cpu] = cpus()
  const memoryGb = Math.round(totalmem() / 2 ** 30)
  return `Node.js ${process.versions.node} on ${type()}, ${cpus().length} × ${cpu?.model.trim() ?? "unknown"}, ${memoryGb} GiB`
}
