const TORTURE = "test/torture"
const BENCH = "test/side-by-side"

/** The files of results that the README quotes; undefined: there is none yet. */
export interface Results {
  readonly torture: string
  readonly bench: string | undefined
}

/** Pages besides the README that quote the benchmark. */
export const QUOTING_PAGES = ["docs/choosing-a-store.md"] as const

export const RESULT_FILES = { torture: `${TORTURE}/RESULTS.md`, bench: `${BENCH}/RESULTS.md` } as const

/** The README with what is between its markers made anew. */
export function filled(readme: string, { torture, bench }: Results): string {
  const withTorture = between(readme, "torture", tortureText(torture))
  return between(withTorture, "bench", bench === undefined ? "No run of it is kept yet." : benchText(bench))
}

function between(text: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`]
  const from = text.indexOf(begin)
  const to = text.indexOf(end)
  if (from < 0 || to < from) throw new Error(`no ${begin} … ${end}`)
  return `${text.slice(0, from)}${begin}\n\n${content}\n\n${text.slice(to)}`
}

/** The scenarios by number, and for each library the mark of each, without what was seen: narrow enough for a page. */
function tortureText(results: string): string {
  const [head = [], , ...rows] = rowsOf(results)
  const scenarios = rows.map(([title = ""], i) => `${i + 1}. ${/\*\*(.*?)\*\*/.exec(title)?.[1] ?? ""}`)
  const libraries = head.slice(1).map((cell, i) => {
    const marks = rows.map((row) => markOf(row[i + 1] ?? ""))
    const count = (wanted: string) => marks.filter((mark) => mark === wanted).length
    const outOf = marks.length - count("–")
    return [libraryOf(cell), ...marks, `${count("✅")} of ${outOf}`, `${count("✅") + count("🔧")} of ${outOf}`]
  })
  const numbers = ["", ...rows.map((_, i) => String(i + 1)), "held up", "with 🔧"]
  const table = [numbers, numbers.map((_, i) => (i === 0 ? "---" : ":---:")), ...libraries]
  return [madeIn(results), scenarios.join("\n"), table.map(lineOf).join("\n")].join("\n\n")
}

/** Its name and version, without the link. */
const libraryOf = (cell: string) => cell.replace(/^\[(.*?)\]\(.*?\)/, "$1")
const markOf = (cell: string) => cell.split(" ")[0] ?? ""

/** The main table as it is. */
function benchText(results: string): string {
  const main = sectionOf(results, "main")
  return [madeIn(results), main.replaceAll("](", `](${BENCH}/`).replaceAll(/\]\([^)]*?\/\.\.\//g, "](test/")].join(
    "\n\n",
  )
}

/** A page with what it quotes of the benchmark's results made anew: tables without links, by the names of their marks. */
export function quoting(page: string, results: string): string {
  const names = [...page.matchAll(/<!-- (\S+): begin -->/g)].map(([, name = ""]) => name)
  return names.reduce((text, name) => between(text, name, sectionOf(results, name)), page)
}

function sectionOf(results: string, name: string): string {
  const [, rest] = results.split(`<!-- ${name}: begin -->\n\n`)
  const [section] = rest?.split(`\n\n<!-- ${name}: end -->`) ?? []
  if (section === undefined) throw new Error(`the results of the benchmark have no table ${name}`)
  return section
}

function madeIn(results: string): string {
  const made = results.split("\n").find((line) => line.startsWith("Made by "))
  if (made === undefined) throw new Error("the results do not say when they were made")
  return made
}

function rowsOf(results: string): readonly (readonly string[])[] {
  const lines = results.split("\n").filter((line) => line.startsWith("|"))
  return lines.map((line) =>
    line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim()),
  )
}

const lineOf = (cells: readonly string[]) => `| ${cells.join(" | ")} |`
