import type { z } from "zod"
import { STEPS } from "./step.js"

type Issue = z.core.$ZodIssue

/** Where a file departs from the format, and what would be right there. */
export function explainIssue(issue: Issue, data: unknown): string {
  const here = valueAt(data, issue.path)
  if (issue.code === "invalid_union" && isStepPath(issue.path)) return explainStep(issue, data, here)
  return `${pathOf(issue.path)}: ${issue.message}${shown(here)}`
}

// of all kinds of step only what is wrong with the one that was meant is told
function explainStep(issue: Issue & { readonly code: "invalid_union" }, data: unknown, here: unknown): string {
  const kinds = Object.keys(STEPS)
  const meant = kinds.findIndex((kind) => typeof here === "object" && here !== null && kind in here)
  const [first] = issue.errors[meant] ?? []
  if (first === undefined) {
    return `${pathOf(issue.path)}: no such step. A step has one of: ${kinds.join(", ")}${shown(here)}`
  }
  return explainIssue({ ...first, path: [...issue.path, ...first.path] }, data)
}

function isStepPath(path: readonly PropertyKey[]): boolean {
  return path.length === 4 && path[2] === "steps"
}

function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
  let value: unknown = data
  for (const key of path) {
    if (typeof value !== "object" || value === null) return undefined
    value = Object.getOwnPropertyDescriptor(value, key)?.value
  }
  return value
}

function pathOf(path: readonly PropertyKey[]): string {
  const text = path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("")
  return text === "" ? "the file" : text.replace(/^\./, "")
}

function shown(value: unknown): string {
  const text = value === undefined ? undefined : JSON.stringify(value)
  return text === undefined || text.length > 200 ? "" : `; got ${text}`
}
