/** One piece of a line. What is shown takes the room that `text` takes. */
export interface Cell {
  readonly text: string
  /** Default: `text`. */
  readonly shown?: string
}

const GAP = 2

/** Lines whose cells stand below each other, each column as wide as its widest cell. */
export function columns(rows: readonly (readonly Cell[])[]): readonly string[] {
  const widths = widthsOf(rows)
  return rows.map((row) =>
    row
      .map(({ text, shown = text }, i) => shown + " ".repeat((widths[i] ?? 0) - text.length))
      .join(" ".repeat(GAP))
      .trimEnd(),
  )
}

/** The room that one more column would begin after. */
export function widthOf(rows: readonly (readonly Cell[])[]): number {
  return widthsOf(rows).reduce((sum, width) => sum + width + GAP, 0)
}

function widthsOf(rows: readonly (readonly Cell[])[]): readonly number[] {
  const widths: number[] = []
  for (const row of rows) row.forEach(({ text }, i) => (widths[i] = Math.max(widths[i] ?? 0, text.length)))
  return widths
}
