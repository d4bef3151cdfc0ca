import { systemErrorCode } from "./errors.js"

const HARMLESS = /^[\w.$-]{1,64}$/

/** What can be told of an error that the library did not make: its name and code. Its message may hold a response. */
export function describeForeignError(error: unknown): string {
  if (!(error instanceof Error)) return `something that is no Error was thrown (${typeof error})`
  const name = HARMLESS.test(error.name) ? error.name : "Error"
  const code = systemErrorCode(error)
  return code !== undefined && HARMLESS.test(code) ? `${name} ${code}` : name
}
