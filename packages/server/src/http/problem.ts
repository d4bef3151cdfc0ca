import { STATUS_CODES } from "node:http"
import { TokenError } from "evertoken"
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod"
import { z } from "zod"
import { detailOfInput } from "./invalid-input.js"
import { Refusal } from "./refusal.js"

/** Every answer that is not the one asked for (RFC 9457). Branch on `code`. */
export const problem = z
  .object({
    type: z.literal("about:blank"),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string().meta({ description: "What happened, for programs." }),
    hint: z.string().optional().meta({ description: "What to do about it." }),
  })
  .meta({ description: "A problem (RFC 9457)." })

export type Problem = z.output<typeof problem>

/** What a failure is answered with. Shows nothing of errors that were not made to be shown. */
export function refusalFor(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  if (error instanceof TokenError) return refusalForToken(error)
  if (hasZodFastifySchemaValidationErrors(error)) return new Refusal("ERR_BAD_REQUEST", detailOfInput(error))
  return refusalOfServer(error) ?? new Refusal("ERR_INTERNAL", "the server failed: its log tells where")
}

export function problemOf({ code, status, message }: Refusal, hint?: string): Problem {
  return { type: "about:blank", title: STATUS_CODES[status] ?? "Error", status, detail: message, code, hint }
}

/**
 * 503 for what passes by itself, and for a server that ends or takes over a new configuration. 409 for what only a person can
 * repair: nothing is wrong with the request, and repeating it changes nothing. 502 for what an operator has to look at.
 */
function refusalForToken({ code, message, transient, retryAfterMs }: TokenError): Refusal {
  if (code === "ERR_TOKEN_SOURCE_CLOSED") return new Refusal(code, message, { status: 503, retryAfterMs: 1_000 })
  if (transient) return new Refusal(code, message, { status: 503, retryAfterMs })
  return new Refusal(code, message, { status: code === "ERR_REAUTHENTICATION_REQUIRED" ? 409 : 502 })
}

/** What the HTTP server refuses before any route sees it. Its messages may quote the request, and are not passed on. */
function refusalOfServer(error: unknown): Refusal | undefined {
  const status = error instanceof Error && "statusCode" in error ? error.statusCode : undefined
  if (status === 413) return new Refusal("ERR_BODY_TOO_LARGE", "the body is too large: at most 64 kB")
  if (status === 415) return new Refusal("ERR_MEDIA_TYPE", "a body must be JSON: content-type: application/json")
  if (typeof status !== "number" || status < 400 || status > 499) return undefined
  return new Refusal("ERR_BAD_REQUEST", "the body or the path cannot be read; a body must be JSON")
}
