import { request, type IncomingHttpHeaders, type RequestOptions } from "node:http"
import { text } from "node:stream/consumers"

export interface RawAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** One request with exactly these headers, on a connection of its own. */
export function rawRequest(options: RequestOptions, body?: string): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request({ agent: false, ...options }, (response) => {
      const { statusCode: status = 0, headers } = response
      text(response).then((body) => resolve({ status, headers, body }), reject)
    })
    sent.once("error", reject)
    sent.end(body)
  })
}
