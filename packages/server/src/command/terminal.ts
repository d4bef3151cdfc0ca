import type { Readable, Writable } from "node:stream"
import { systemClock, type Clock } from "evertoken"

/** What a command reads from, writes to, and takes the time from. */
export interface Terminal {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number }
  readonly stderr: Writable & { readonly isTTY?: boolean }
  readonly clock: Clock
}

export function processTerminal(): Terminal {
  const { stdin, stdout, stderr } = process
  return { stdin, stdout, stderr, clock: systemClock }
}

/** What others have written, without what a terminal would obey. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, (character) => (character === "\n" ? character : "?"))
}
