import type { Writable } from "node:stream"
import { styleText } from "node:util"

export type Style = "green" | "yellow" | "red" | "cyan" | "dim" | "bold"

/** Text, as it is to be shown on a terminal. */
export type Paint = (text: string, ...styles: readonly Style[]) => string

export const plain: Paint = (text) => text

/** In colour where the terminal has it; `NO_COLOR` (no-color.org) and `FORCE_COLOR` say otherwise, the latter above all. */
export function paintFor(
  stream: Writable & { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>> = process.env,
): Paint {
  return hasColour(stream, env) ? (text, ...styles) => styleText([...styles], text, { validateStream: false }) : plain
}

function hasColour(
  { isTTY }: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  const { FORCE_COLOR: forced, NO_COLOR: refused, TERM: terminal } = env
  if (forced !== undefined) return forced !== "0" && forced !== "false"
  return isTTY === true && !refused && terminal !== "dumb"
}
