import type { WriteStream } from "node:tty"
import { pad } from "./ansi.js"

const ESC = "\x1b["
const OPEN = `${ESC}?1049h${ESC}?25l${ESC}?7l${ESC}2J`
const CLOSE = `${ESC}?7h${ESC}?25h${ESC}?1049l`
// terminals that know it show a frame at once; others ignore it
const BEGIN_FRAME = `${ESC}?2026h`
const END_FRAME = `${ESC}?2026l`

/** The terminal as a picture that is redrawn in place: only the lines that changed are written. */
export class Screen {
  readonly #out: WriteStream
  #shown: readonly string[] = []
  #isOpen = false

  constructor(out: WriteStream) {
    this.#out = out
  }

  open(): void {
    this.#isOpen = true
    this.#out.write(OPEN)
    this.#out.on("resize", this.#forget)
  }

  get size(): { readonly columns: number; readonly rows: number } {
    // a pseudo terminal may not know its size
    return { columns: this.#out.columns || 80, rows: this.#out.rows || 24 }
  }

  draw(lines: readonly string[]): void {
    const changed = lines.flatMap((line, index) =>
      line === this.#shown[index] ? [] : [`${ESC}${index + 1};1H${pad(line, this.size.columns)}`],
    )
    this.#shown = lines
    if (changed.length > 0) this.#out.write(BEGIN_FRAME + changed.join("") + END_FRAME)
  }

  /** Gives the terminal back as it was. Harmless when called twice. */
  close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#out.off("resize", this.#forget)
    this.#out.write(CLOSE)
  }

  readonly #forget = () => {
    this.#shown = []
    this.#out.write(`${ESC}2J`)
  }
}
