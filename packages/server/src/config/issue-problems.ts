import type { z } from "zod"
import { isShowableKey } from "./problem-words.js"

/** An issue of zod's, taken for itself: where, and in which words. */
export interface LocatedProblem {
  readonly path: readonly PropertyKey[]
  readonly field: string
  /** Which of the two is wrong. */
  readonly at: "key" | "value"
  readonly message: string
}

type Issue = z.core.$ZodIssue

/** Each unknown key by itself, and of a union what is wrong with the branch that was meant. Needs zod's `reportInput`. */
export function problemsOf(issues: readonly Issue[], parents: readonly PropertyKey[] = []): readonly LocatedProblem[] {
  return issues.flatMap((issue) => {
    const { code, message } = issue
    const path = [...parents, ...issue.path]
    if (code === "unrecognized_keys") {
      const messages = message.split("\n")
      return issue.keys.map((key, index): LocatedProblem => {
        const whole = [...path, key]
        const field = fieldOf(isShowableKey(key, issue.input) ? whole : path)
        return { path: whole, field, at: "key", message: messages[index] ?? message }
      })
    }
    const meant = code === "invalid_union" ? branchMeant(issue.errors) : undefined
    if (meant !== undefined) return problemsOf(meant, path)
    return [{ path, field: fieldOf(path), at: code === "invalid_key" ? "key" : "value", message }]
  })
}

/** As people write it: `encryption.keys[0]`. What has not the form of a name is not shown. */
function fieldOf(path: readonly PropertyKey[]): string {
  const parts = path.map((part) => {
    if (typeof part === "number") return `[${part}]`
    return /^[\w$.-]{1,64}$/.test(String(part)) ? `.${String(part)}` : ".(...)"
  })
  return parts.join("").replace(/^\./, "")
}

/** The branch that what is there fits best, if there is one: the fewest keys missing or unknown. */
function branchMeant(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const [best, second] = branches
    .filter((issues) => issues.every(isOfPart))
    .map((issues) => ({ issues, misfits: misfitsOf(issues) }))
    .sort((a, b) => a.misfits - b.misfits)
  return best?.misfits === second?.misfits ? undefined : best?.issues
}

/** Not of the value as a whole, which then is something else than this branch is about. */
function isOfPart({ path, code }: Issue): boolean {
  return path.length > 0 || code === "unrecognized_keys"
}

function misfitsOf(issues: readonly Issue[]): number {
  return issues.reduce(
    (sum, issue) => sum + (issue.code === "unrecognized_keys" ? issue.keys.length : missing(issue)),
    0,
  )
}

function missing({ code, input, path }: Issue): number {
  return code === "invalid_type" && input === undefined && path.length === 1 ? 1 : 0
}
