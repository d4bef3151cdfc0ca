import type { TokenStatus } from "../tokens/token-status.js"
import { columns, widthOf, type Cell } from "./columns.js"
import { legend, lifeBar, type Glyphs } from "./life-bar.js"
import type { Paint, Style } from "./paint.js"
import { notesOf } from "./status-table.js"
import { wrapped } from "./wrapped.js"
import { momentWords, renewalWords, stateWords } from "./status-words.js"

const BAR = { least: 8, most: 48 } as const
const MOST_OF_NAME = 24
const HEAD = ["NAME", "STATUS", "EXPIRES", "RENEWS"]
const STYLES: Readonly<Record<TokenStatus["status"], readonly Style[]>> = {
  fresh: ["green"],
  stale: ["yellow"],
  expired: ["red"],
  "reauthentication-required": ["bold", "red"],
  misconfigured: ["bold", "red"],
  starting: ["dim"],
  "signed-out": ["dim"],
  closed: ["dim"],
}

export interface BoardOptions {
  readonly now: number
  /** In characters. */
  readonly width: number
  readonly glyphs: Glyphs
  readonly paint: Paint
}

/** How tokens are doing, for a terminal: beside the words the life of each as a bar, where there is room for it. */
export function boardOf(statuses: readonly TokenStatus[], options: BoardOptions): readonly string[] {
  const { now, width, glyphs, paint } = options
  if (statuses.length === 0) return ["No tokens are configured: evertoken init shows how."]
  const words = [HEAD.map((text) => ({ text, shown: paint(text, "dim") })), ...statuses.map(wordsOf(now, paint))]
  const barWidth = Math.min(width - widthOf(words), BAR.most)
  const hasBars = barWidth >= BAR.least
  const barOf = (status: TokenStatus) => lifeBar(status, { ...options, width: barWidth })
  const bars = hasBars ? [paint("LIFE".padEnd(barWidth), "dim"), ...statuses.map(barOf)] : []
  const rows = words.map((cells, i) => withBar(cells, bars[i], barWidth))
  const [head = "", ...lines] = columns(rows)
  const notes = statuses.map((status) =>
    notesOf(status).flatMap((note) => wrapped(note, width).map((line) => paint(line, "dim"))),
  )
  return [
    head,
    ...lines.flatMap((line, i) => [line, ...(notes[i] ?? [])]),
    "",
    ...(hasBars ? [legend(glyphs, paint)] : []),
    ...warnings(statuses, paint),
  ]
}

function wordsOf(now: number, paint: Paint): (status: TokenStatus) => readonly Cell[] {
  return (status) => {
    const name = shortened(status.name)
    const state = stateWords(status)
    return [
      { text: name, shown: paint(name, "bold") },
      { text: state, shown: paint(state, ...STYLES[status.status]) },
      { text: momentWords(status.expiresAt, now) },
      { text: renewalWords(status, now) },
    ]
  }
}

function withBar(cells: readonly Cell[], shown: string | undefined, width: number): readonly Cell[] {
  return shown === undefined ? cells : cells.toSpliced(2, 0, { text: " ".repeat(width), shown })
}

function warnings(statuses: readonly TokenStatus[], paint: Paint): readonly string[] {
  const names = statuses.filter(({ isEncrypted }) => !isEncrypted).map(({ name }) => name)
  if (names.length === 0) return []
  const which = names.length === statuses.length ? "Tokens are" : `${names.join(", ")}: they are`
  return [paint(`${which} NOT encrypted where they are kept: see encryption.keys.`, "yellow")]
}

function shortened(name: string): string {
  return name.length <= MOST_OF_NAME ? name : `${name.slice(0, MOST_OF_NAME - 1)}…`
}
