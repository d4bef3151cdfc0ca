import type { Readable } from "node:stream"
import { CommandError, EXIT } from "./command-error.js"

const MOST_CHARACTERS = 64 * 1024

/** All that comes on the standard input. @throws CommandError if it is too much. */
export async function readInput(stdin: Readable): Promise<string> {
  let text = ""
  for await (const chunk of stdin.setEncoding("utf8")) {
    text += String(chunk)
    if (text.length > MOST_CHARACTERS) throw new CommandError("what came is too long", { exitCode: EXIT.usage })
  }
  return text
}
