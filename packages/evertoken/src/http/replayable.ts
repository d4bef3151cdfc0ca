/** Whether a request can be sent again after its body was sent: a stream is gone by then. */
export function isReplayable(input: Parameters<typeof fetch>[0], body: unknown): boolean {
  if (body !== undefined && body !== null) return isKept(body)
  // a Request is a stream with headers; copying it just in case would keep every upload in memory
  return !(typeof input === "object" && "body" in input && input.body !== null)
}

function isKept(body: unknown): boolean {
  return (
    typeof body === "string" ||
    body instanceof URLSearchParams ||
    body instanceof FormData ||
    body instanceof Blob ||
    body instanceof ArrayBuffer ||
    ArrayBuffer.isView(body)
  )
}
