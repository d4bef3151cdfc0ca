/** A small table of its own, with what there is to say about it. */
export interface Table {
  readonly title: string
  readonly about?: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** A column of the main table: a cell for each of the subjects that it says something about. */
export interface Column {
  readonly title: string
  readonly cells: ReadonlyMap<string, string>
}

/** The subjects as rows. What is not said of one is a dash. */
export function mainTable(
  subjects: readonly { readonly name: string; readonly shown: string }[],
  columns: readonly Column[],
): Pick<Table, "head" | "rows"> {
  const head = ["", ...columns.map(({ title }) => title)]
  const rows = subjects.map(({ name, shown }) => [shown, ...columns.map(({ cells }) => cells.get(name) ?? "–")])
  return { head, rows }
}

/** In Markdown. */
export function tableText({ head, rows }: Pick<Table, "head" | "rows">): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escaped).join(" | ")} |`
  return [line(head), line(head.map((_, column) => (column === 0 ? "---" : "---:"))), ...rows.map(line)].join("\n")
}

function escaped(text: string): string {
  return text.replaceAll("|", "\\|").replace(/\s+/g, " ")
}
