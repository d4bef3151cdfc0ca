import type { Terminal } from "./terminal.js"

const ESC = "\u001b["
/** The screen beside the one with the history, and no cursor (xterm control sequences). */
const ENTER = `${ESC}?1049h${ESC}?25l`
const LEAVE = `${ESC}?25h${ESC}?1049l`
// a line is cleared before it is written: with its last character in the last column, clearing after it would take that away
const [TOP, CLEARED, BELOW] = [`${ESC}H`, `${ESC}K`, `${ESC}J`]
const USUAL = { columns: 80, rows: 24 }

/** A whole terminal to draw on. Afterwards it is as it was before. */
export class Screen implements Disposable {
  readonly #stdout: Terminal["stdout"]
  readonly #onResize: () => void
  readonly #onStop = () => this.#stop()
  readonly #onContinue = () => this.#enter()
  /** Whatever the process ends by. */
  readonly #onExit = () => this.#stdout.write(LEAVE)

  /** `onResize` is called when it is to be drawn anew. */
  constructor({ stdout }: Pick<Terminal, "stdout">, onResize: () => void) {
    this.#stdout = stdout
    this.#onResize = onResize
    stdout.on("resize", onResize)
    process.on("SIGTSTP", this.#onStop)
    process.on("SIGCONT", this.#onContinue)
    process.on("exit", this.#onExit)
    stdout.write(ENTER)
  }

  get width(): number {
    return this.#stdout.columns ?? USUAL.columns
  }

  /** Shows these lines, and as many of them as there is room for. */
  draw(lines: readonly string[]): void {
    const room = this.#stdout.rows ?? USUAL.rows
    const shown = lines.length <= room ? lines : [...lines.slice(0, room - 1), "…"]
    this.#stdout.write(TOP + shown.map((line) => CLEARED + cut(line, this.width)).join("\r\n") + BELOW)
  }

  [Symbol.dispose](): void {
    process.off("SIGTSTP", this.#onStop)
    process.off("SIGCONT", this.#onContinue)
    process.off("exit", this.#onExit)
    this.#stdout.off("resize", this.#onResize)
    this.#stdout.write(LEAVE)
  }

  /** Ctrl-Z: the shell is to have its terminal. */
  #stop(): void {
    this.#stdout.write(LEAVE)
    process.kill(process.pid, "SIGSTOP")
  }

  #enter(): void {
    this.#stdout.write(ENTER)
    this.#onResize()
  }
}

/** What of a line has room; its colours take none. */
function cut(line: string, width: number): string {
  const pieces = line.match(/\p{Cc}\[[\d;]*m|./gu) ?? []
  const isColour = (piece: string) => piece.startsWith("\u001b")
  if (pieces.filter((piece) => !isColour(piece)).length <= width) return line
  let taken = 0
  return pieces.map((piece) => (isColour(piece) || ++taken < width ? piece : taken === width ? "…" : "")).join("")
}
