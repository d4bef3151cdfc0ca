import type { FastifySchemaValidationError } from "fastify"

const PARTS: Readonly<Record<string, string>> = { querystring: "query", headers: "header", params: "path" }
// what a person calls a field; a token that took its place is not repeated
const FIELD = /^[A-Za-z][\w-]{0,30}$/

/** Which field is wrong, and how; never its value. */
export function detailOfInput({
  validation: [first],
  validationContext = "body",
}: {
  readonly validation: readonly FastifySchemaValidationError[]
  readonly validationContext?: string
}): string {
  const part = PARTS[validationContext] ?? validationContext
  if (first === undefined) return `${part} is not valid`
  const field = [part, ...first.instancePath.split("/").filter(Boolean)].join(".")
  if (first.keyword !== "unrecognized_keys") return `${field}: ${first.message ?? "is not valid"}`
  const { keys } = first.params
  const unknown = Array.isArray(keys) ? keys.filter((key) => typeof key === "string" && FIELD.test(key)) : []
  return `${field}: has a field that is not known${unknown.length > 0 ? `: ${unknown.join(", ")}` : ""}`
}
