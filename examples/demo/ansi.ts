import { stripVTControlCharacters } from "node:util"

const CODES = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39], cyan: [36, 39] } as const

export type Style = keyof typeof CODES

/** Puts a style around a text, or leaves the text as it is. */
export type Paint = (style: Style, text: string) => string

/** Colours only where somebody sees them, and not against `NO_COLOR` (no-color.org). */
export function paintFor(stream: { readonly isTTY?: boolean }, environment: NodeJS.ProcessEnv): Paint {
  const { NO_COLOR = "", FORCE_COLOR = "", TERM } = environment
  const wanted = FORCE_COLOR !== "" && FORCE_COLOR !== "0"
  const seen = stream.isTTY === true && TERM !== "dumb"
  if (NO_COLOR !== "" || !(wanted || seen)) return (_style, text) => text
  return (style, text) => `\x1b[${CODES[style][0]}m${text}\x1b[${CODES[style][1]}m`
}

/** Columns that a text takes. Every character used here takes one. */
function widthOf(text: string): number {
  return stripVTControlCharacters(text).length
}

/** Filled up with blanks; a longer one stays as it is. */
export function pad(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - widthOf(text)))
}

/** Cut to so many columns; its styles are lost with what is cut. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  return `${stripVTControlCharacters(text).slice(0, Math.max(0, width - 1))}…`
}

/** Broken at blanks into lines of at most so many columns. For plain texts. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(" ")) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}
