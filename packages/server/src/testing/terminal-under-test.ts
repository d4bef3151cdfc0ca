import { PassThrough, Writable } from "node:stream"
import { systemClock } from "evertoken"
import { run } from "../command/program.js"

export interface RunOutcome {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** What comes of a command line, with `input` on its standard input. `onErr` is given what it has told so far. */
export async function runUnderTest(
  args: readonly string[],
  input = "",
  onErr: (err: string) => void = () => undefined,
): Promise<RunOutcome> {
  const stdin = new PassThrough()
  stdin.end(input)
  const told = { out: "", err: "" }
  const stdout = sink((text) => (told.out += text))
  const stderr = sink((text) => onErr((told.err += text)))
  const code = await run(args, { stdin, stdout, stderr, clock: systemClock })
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
