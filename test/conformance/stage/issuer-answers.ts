import { sleep } from "./sleep.js"
import type { Clock } from "evertoken"
import type { Answer } from "../format/answer.js"

type Fields = Readonly<Record<string, unknown>>

/** The HTTP response that an answer stands for. */
export function responseOf(answer: Answer, granted: Fields, retryAfterMs: number): Response {
  if (typeof answer === "object")
    return "status" in answer ? rawResponse(answer) : Response.json(changed(granted, answer))
  switch (answer) {
    case "unavailable":
      return new Response("canary-body of a gateway", { status: 503 })
    case "too many requests":
      return new Response(null, { status: 429, headers: { "retry-after": String(retryAfterMs / 1000) } })
    case "invalid_grant":
      return Response.json({ error: "invalid_grant" }, { status: 400 })
    case "invalid_client":
      return Response.json({ error: "invalid_client" }, { status: 401 })
    default:
      return Response.json(granted)
  }
}

function rawResponse({ status, headers, body }: Extract<Answer, { readonly status: number }>): Response {
  const text = body === undefined || typeof body === "string" ? (body ?? null) : JSON.stringify(body)
  return new Response(text, { status, ...(headers && { headers }) })
}

function changed(
  granted: Fields,
  { with: fields, without = [] }: Exclude<Answer, string | { readonly status: number }>,
): Fields {
  const kept = Object.entries(granted).filter(([name]) => !without.includes(name))
  return { ...Object.fromEntries(kept), ...fields }
}

/** As undici's fetch fails. */
export function networkError(code: string): TypeError {
  return new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code }) })
}

/** Undefined: forever. Rejects as soon as the signal is aborted. */
export function wait(clock: Clock, ms: number | undefined, signal: AbortSignal | undefined): Promise<void> {
  if (ms !== undefined) return sleep(clock, ms, signal)
  return new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(signal.reason)))
}
