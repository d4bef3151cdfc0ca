// undici's own FormData is no instance of the global one
const KEPT = new Set(["FormData", "URLSearchParams", "Blob", "File", "ArrayBuffer"])

/** Whether a request of `fetch` can be sent again after its body was sent: a stream is gone by then. */
export function isReplayable(input: Parameters<typeof fetch>[0], body: unknown): boolean {
  if (body !== undefined && body !== null) return isReplayableBody(body)
  // a Request is a stream with headers; copying it just in case would keep every upload in memory
  return !(typeof input === "object" && "body" in input && input.body !== null)
}

/** Whether a body is kept as a whole; none is. */
export function isReplayableBody(body: unknown): boolean {
  if (body === undefined || body === null || typeof body === "string" || ArrayBuffer.isView(body)) return true
  return KEPT.has(Object.prototype.toString.call(body).slice("[object ".length, -1))
}
