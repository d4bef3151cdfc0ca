import { z } from "zod"
import { memberOf } from "./member-of.js"
import { nearestName } from "./nearest-name.js"

/** What zod hands to whoever words its issues. */
type RawIssue = Parameters<z.core.$ZodErrorMap>[0]

const NOUNS: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a map of names and values",
  record: "a map of names and values",
}

/**
 * What is wrong, to stand after the name of the field, and how to mend it. Never shows what was given: it may be a secret.
 * Of unknown keys each one has a line. Empty where a union has several meanings, none of which is said to be the one meant.
 */
export function wordsFor(issue: RawIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return wrongType(issue.expected, issue.input)
    case "invalid_value":
      return oneOf(issue.values, issue.input)
    case "unrecognized_keys":
      return issue.keys.map((key) => unknownKey(key, issue)).join("\n")
    case "too_small":
      if (issue.origin === "string" || issue.origin === "array") return "must not be empty"
      return `must be ${issue.inclusive === false ? "more than" : "at least"} ${issue.minimum}`
    case "too_big":
      return `must be at most ${issue.maximum}`
    case "invalid_key":
      return issue.issues[0]?.message ?? "is no possible name"
    case "invalid_union":
      return issue.discriminator === undefined ? "" : wrongDiscriminator(issue.discriminator, issue)
    default:
      return "does not have the form that it must have"
  }
}

function wrongType(expected: string, input: unknown): string {
  if (input === undefined) return "is missing"
  if (input === null) return "is empty: give it a value, or leave it out"
  if (expected === "string" && typeof input !== "object") return "must be a text: put it in quotes"
  return `must be ${NOUNS[expected] ?? "something else"}`
}

function wrongDiscriminator(name: string, { input, options }: { input?: unknown; options?: unknown }): string {
  const given = memberOf(input, name)
  const values = Array.isArray(options) ? options : []
  return given === undefined ? `is missing: ${oneOf(values, given)}` : oneOf(values, given)
}

function oneOf(values: readonly unknown[], input: unknown): string {
  const names = values.map(String)
  const must = `must be one of ${names.join(", ")}`
  return must + hint(typeof input === "string" ? nearestName(input, names) : undefined)
}

function unknownKey(key: string, { input, inst }: RawIssue): string {
  if (!isShowableKey(key, input)) return "a key that is not known stands in here: is there a space after its colon?"
  const known = inst instanceof z.ZodObject ? Object.keys(inst.shape) : []
  const nearest = nearestName(key, known)
  return `is not known${nearest === undefined ? `: what can stand here is ${known.join(", ")}` : hint(nearest)}`
}

/** What stands where a key should be can be anything, such as the secret of `{ secret:hunter2 }`. */
export function isShowableKey(key: string, map: unknown): boolean {
  const value = memberOf(map, key)
  return /^[A-Za-z][A-Za-z_-]{0,39}$/.test(key) && value !== null && value !== undefined
}

function hint(nearest: string | undefined): string {
  return nearest === undefined ? "" : `: did you mean \`${nearest}\`?`
}
