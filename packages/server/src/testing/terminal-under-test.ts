import { PassThrough, Writable } from "node:stream"
import { systemClock, type Clock } from "evertoken"
import { run } from "../command/program.js"

export interface RunOutcome {
  readonly code: number
  readonly out: string
  readonly err: string
}

export interface TerminalUnderTest {
  readonly input?: string
  /** What was written so far, each time that something is. */
  readonly onOut?: (out: string) => void
  readonly onErr?: (err: string) => void
  /** Of a terminal, in place of files. */
  readonly size?: { columns: number; rows: number }
  readonly clock?: Clock
}

/** What comes of a command line. */
export async function runUnderTest(args: readonly string[], terminal: TerminalUnderTest = {}): Promise<RunOutcome> {
  const { input = "", onOut = nothing, onErr = nothing, size, clock = systemClock } = terminal
  const stdin = new PassThrough()
  stdin.end(input)
  const told = { out: "", err: "" }
  const tty = size && { isTTY: true, ...size }
  const stdout = Object.assign(
    sink((text) => onOut((told.out += text))),
    tty,
  )
  const stderr = Object.assign(
    sink((text) => onErr((told.err += text))),
    tty,
  )
  const code = await run(args, { stdin, stdout, stderr, clock })
  return { code, ...told }
}

function sink(add: (text: string) => void): Writable {
  return new Writable({
    write: (chunk, _encoding, done) => {
      add(String(chunk))
      done()
    },
  })
}

function nothing(): void {
  // nobody looks
}
