import { memberOf } from "../config/member-of.js"
import { printable } from "./terminal.js"

const MOST_CAUSES = 5

/**
 * Where an error comes from, and what it was made of: each by its name, its code and its place, for whoever looks for a fault. Not the
 * messages: those of causes were not made to be shown.
 */
export function originOf(error: unknown): string {
  const lines: string[] = []
  let current = error
  for (let depth = 0; current instanceof Error && depth < MOST_CAUSES; depth++, current = current.cause) {
    lines.push(`${depth === 0 ? "" : "made of "}${nameOf(current)}`, ...framesOf(current))
  }
  return lines.map((line) => `${printable(line)}\n`).join("")
}

function nameOf(error: Error): string {
  const [code, status] = [memberOf(error, "code"), memberOf(error, "status")]
  return [error.name, typeof code === "string" ? code : "", typeof status === "number" ? String(status) : ""]
    .filter((word) => word !== "")
    .join(" ")
}

function framesOf({ stack = "" }: Error): readonly string[] {
  return stack.split("\n").filter((line) => line.startsWith("    at "))
}
