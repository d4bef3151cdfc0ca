import type { ReadStream, WriteStream } from "node:tty"
import { pad, type Paint } from "./ansi.js"
import { asciiBar, unicodeBar } from "./life-bar.js"
import type { Comment, Scene } from "./scene.js"
import { Screen } from "./screen.js"
import { viewLines, type ViewStyle } from "./view.js"
import { stopwatch, summaryLines } from "./wording.js"

/** How the demo shows itself. */
export interface Presentation {
  /** How often {@link Presentation.show} wants to be called, in milliseconds. */
  readonly everyMs: number
  open(onQuit: () => void): void
  comment(comment: Comment): void
  show(scene: Scene): void
  /** Gives the terminal back. Harmless when called twice. */
  close(): void
}

const QUIT_KEYS = new Set(["q", "Q", "\x03", "\x04"])

/** The terminal, redrawn in place, until somebody types q. */
export class LivePresentation implements Presentation {
  readonly everyMs = 100
  readonly #input: ReadStream
  readonly #screen: Screen
  readonly #style: ViewStyle
  #onKey: (key: Buffer) => void = () => undefined

  constructor(
    terminal: { readonly input: ReadStream; readonly output: WriteStream },
    look: { readonly paint: Paint; readonly isAscii: boolean },
  ) {
    this.#input = terminal.input
    this.#screen = new Screen(terminal.output)
    this.#style = { paint: look.paint, bar: look.isAscii ? asciiBar : unicodeBar }
  }

  open(onQuit: () => void): void {
    this.#screen.open()
    this.#onKey = (key) => {
      if (QUIT_KEYS.has(key.toString())) onQuit()
    }
    this.#input.setRawMode(true).on("data", this.#onKey).resume()
  }

  comment(): void {
    // the next frame has it
  }

  show(scene: Scene): void {
    this.#screen.draw(viewLines(scene, this.#screen.size, this.#style))
  }

  close(): void {
    this.#screen.close()
    this.#input.off("data", this.#onKey).setRawMode(false).pause()
  }
}

/** One line after another: for a log, a pipe, a CI. */
export class PlainPresentation implements Presentation {
  readonly everyMs = 3_000
  readonly #print: (line: string) => void

  constructor(print: (line: string) => void) {
    this.#print = print
  }

  open(): void {
    this.#print("evertoken: many processes, one token")
  }

  comment({ atMs, text }: Comment): void {
    this.#print(`${pad(stopwatch(atMs), 6)}${text}`)
  }

  show({ members, issuer }: Scene): void {
    const each = members.map(({ number, life, report }) => {
      if (life === "killed") return `${number} killed`
      return `${number} ${report?.status ?? "starting"} ${report?.token?.fingerprint ?? "-"}`
    })
    this.#print(`${pad("", 6)}[${each.join(" | ")} | issuer ${issuer.isUp ? "up" : "down"}]`)
  }

  close(): void {
    // nothing was taken
  }
}

/** The end, in numbers. */
export function printSummary({ totals }: Scene, print: (line: string) => void): void {
  print("")
  for (const line of summaryLines(totals)) print(line)
}
